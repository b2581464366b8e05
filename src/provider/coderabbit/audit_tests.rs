//! The audit log, from servers that answer in every shape that the documentation leaves open.

use super::{CodeRabbit, test_api::ME};
use crate::{
    model::{
        Kind,
        activity::{ActivityLog, ActivityQuery, Entry},
    },
    provider::{
        Provider as _, ReadError, ReadErrorKind,
        http::testing::{Act, Seen, Server, json},
    },
};

const DOCUMENTED: &str = r#"{"id":"1","action":"role_update","actionLabel":"Role Updated","resourceType":"role","resourceTypeLabel":"Role","resourceSummary":"Release Auditor","actor":{"name":"Mira","subtitle":"mira@acme.test","isBot":false,"avatarUrl":null},"metadata":{"role_id":"6f1bb6c1","changes":[{"permission":"a:read"}]},"ipAddress":"10.0.0.1","createdAt":"2026-06-05T08:00:00.000Z","relativeTime":"2 days ago"}"#;

fn page(entries: &[&str], more: bool, total: u64, types: &str) -> String {
    format!(
        r#"{{"data":[{}],"pagination":{{"page":1,"page_size":100,"total_count":{total},"total_pages":1,"has_next_page":{more},"has_previous_page":false}},"filter_options":{{"actions":[],"resource_types":[{types}]}}}}"#,
        entries.join(",")
    )
}

fn since() -> ActivityQuery {
    ActivityQuery { since: Some("2026-06-01T10:00:00.25Z".parse().unwrap()) }
}

async fn read(
    answer: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static,
    settings: &[(&str, &str)],
    query: ActivityQuery,
) -> (Result<ActivityLog, ReadError>, Vec<String>) {
    let server = Server::start(answer).await;
    let (connection, _) = server.connect(settings);
    let log = CodeRabbit.reader(connection).activity(query).unwrap().await;
    (log, server.lines())
}

async fn one(entry: &str) -> Entry {
    let body = page(&[entry], false, 1, "");
    let (log, _) = read(move |_, _| json(200, body.clone()), &[], ActivityQuery::default()).await;
    log.unwrap().entries.into_iter().next().unwrap()
}

fn ids(entry: &Entry) -> Vec<&str> {
    entry.object.ids.iter().map(|id| id.raw()).collect()
}

#[tokio::test]
async fn one_request_asks_for_what_happened_since() {
    let body = page(&[DOCUMENTED], false, 1, "");
    let (log, lines) = read(move |_, _| json(200, body.clone()), &[], since()).await;
    assert_eq!(lines, ["GET /v1/audit-logs?page_size=100&date_from=2026-06-01T10%3A00%3A00Z"]);
    let log = log.unwrap();
    assert!(log.notes.is_empty());
    let entry = &log.entries[0];
    assert_eq!(entry.time.raw(), "2026-06-05T08:00:00Z");
    assert_eq!(entry.actor.raw(), "Mira (mira@acme.test)");
    assert_eq!(entry.what.raw(), "Role Updated: Release Auditor");
    assert_eq!((entry.object.kind, entry.object.text.raw()), (Some(Kind::Role), "Release Auditor"));
    assert_eq!(ids(entry), ["6f1bb6c1", "a:read"]);
}

#[tokio::test]
async fn keys_count_in_snake_case_as_in_camel_case() {
    let snake = DOCUMENTED
        .replace("actionLabel", "action_label")
        .replace("resourceTypeLabel", "resource_type_label")
        .replace("resourceType", "resource_type")
        .replace("resourceSummary", "resource_summary")
        .replace("isBot", "is_bot")
        .replace("role_id", "roleId")
        .replace("ipAddress", "ip_address")
        .replace("createdAt", "created_at")
        .replace("relativeTime", "relative_time");
    assert_ne!(snake, DOCUMENTED);
    assert_eq!(one(&snake).await, one(DOCUMENTED).await);
}

#[tokio::test]
async fn the_object_is_found_wherever_it_is_named() {
    for (more, found) in [
        (r#""resourceId":"6f1bb6c1""#, "6f1bb6c1"),
        (r#""resource":{"id":"6f1bb6c1"}"#, "6f1bb6c1"),
        (r#""metadata":{"target":[{"deep":{"uuid":"6f1bb6c1"}}]}"#, "6f1bb6c1"),
        (r#""metadata":{"userId":1003}"#, "1003"),
        (r#""metadata":"6f1bb6c1""#, "6f1bb6c1"),
    ] {
        let entry = one(&format!(r#"{{"action":"role_update",{more}}}"#)).await;
        assert_eq!(ids(&entry), [found], "{more}");
    }
    let entry = one(r#"{"action":"role_update","metadata":{"roleName":"Auditor","role":"Other"}}"#).await;
    let names: Vec<&str> = entry.object.names.iter().map(|name| name.raw()).collect();
    assert_eq!((names, ids(&entry)), (vec!["Auditor", "Other"], vec!["Other"]));
}

#[tokio::test]
async fn who_acted_and_plain_numbers_are_not_what_it_is_about() {
    let entry = one(
        r#"{"action":"user_role_update","actor":{"id":"1002","name":"Ada"},"actorId":"1002","metadata":{"changed_by":"1002","requestedBy":{"id":"1002"},"seats":1003,"user_id":"1004"}}"#,
    )
    .await;
    assert_eq!((ids(&entry), entry.object.kind), (vec!["1004"], Some(Kind::Assignment)));
}

#[tokio::test]
async fn nothing_but_the_entry_itself_is_needed() {
    let empty = one("{}").await;
    assert_eq!(empty.actor.raw(), "somebody");
    assert_eq!(empty.what.raw(), "an action that the log does not name");
    assert_eq!((empty.time.raw(), empty.instant, empty.object.kind), ("at an unknown time", None, None));
    let odd = one(
        r#"{"id":7,"action":["x"],"actor":"ci-bot","createdAt":"yesterday","metadata":null,"resourceSummary":5,"new":{"a":[1.5,-2,true,null]}}"#,
    )
    .await;
    assert_eq!((odd.actor.raw(), odd.what.raw(), odd.time.raw()), ("ci-bot", "5", "yesterday"));
    let bot = one(r#"{"actor":{"name":"Sync","isBot":true}}"#).await;
    assert_eq!(bot.actor.raw(), "Sync (bot)");
}

#[tokio::test]
async fn every_usual_spelling_of_a_time_is_understood() {
    for time in [
        r#""2026-06-05T08:00:00Z""#,
        r#""2026-06-05T10:00:00+02:00""#,
        r#""2026-06-05 08:00:00Z""#,
        "1780646400",
        "1780646400000",
    ] {
        let entry = one(&format!(r#"{{"createdAt":{time}}}"#)).await;
        assert_eq!(entry.time.raw(), "2026-06-05T08:00:00Z", "{time}");
    }
    // A time of an unknown zone is shown as it stands.
    let entry = one(r#"{"createdAt":"2026-06-05 08:00:00"}"#).await;
    assert_eq!((entry.time.raw(), entry.instant), ("2026-06-05 08:00:00", None));
    let huge = one(&format!(r#"{{"createdAt":{}}}"#, u64::MAX)).await;
    assert_eq!(huge.instant, None);
}

#[tokio::test]
async fn what_is_about_neither_roles_nor_people_is_left_out() {
    let entries = [
        r#"{"action":"api_key_create","resourceType":"api_key","metadata":{"user_id":"1003"}}"#,
        r#"{"action":"repository_create","resourceType":"repository"}"#,
        r#"{"action":"user_seat_assign","metadata":{"user_id":"1003"}}"#,
        r#"{"action":"x","resourceType":"customRole"}"#,
        r#"{"action":"MEMBER_PROMOTED"}"#,
        r#"{"action":"granted"}"#,
    ];
    let body = page(&entries, false, 6, "");
    let (log, _) = read(move |_, _| json(200, body.clone()), &[], ActivityQuery::default()).await;
    let kinds: Vec<_> = log.unwrap().entries.iter().map(|entry| entry.object.kind).collect();
    assert_eq!(kinds, [Some(Kind::Role), Some(Kind::Assignment), None]);
}

#[tokio::test]
async fn entries_come_newest_first_and_none_from_before() {
    let entry = |id: u32, time: &str| format!(r#"{{"id":"{id}","action":"{id}","createdAt":"{time}"}}"#);
    let entries = [
        entry(1, "2026-06-02T00:00:00Z"),
        entry(2, "2026-05-30T00:00:00Z"),
        entry(3, "unknown"),
        entry(4, "2026-06-03T00:00:00Z"),
    ];
    let body = page(&entries.each_ref().map(String::as_str), false, 4, "");
    let (log, _) = read(move |_, _| json(200, body.clone()), &[], since()).await;
    let what: Vec<String> = log.unwrap().entries.iter().map(|entry| entry.what.raw().to_owned()).collect();
    assert_eq!(what, ["4", "1", "3"]);
}

#[tokio::test]
async fn a_second_request_asks_for_the_types_that_the_log_knows_and_is_the_last() {
    let types = r#"{"value":"repository","count":900},{"value":"custom_role","label":"Role"},{"value":"user"},{"value":"a,role"}"#;
    let other = r#"{"action":"repository_create"}"#;
    let first = page(&[DOCUMENTED, other, other], true, 950, types);
    let second = page(&[DOCUMENTED, r#"{"id":"2","action":"role_delete"}"#], true, 130, types);
    let (log, lines) = read(
        move |_, before| json(200, [&first, &second][before.min(1)].clone()),
        &[],
        ActivityQuery::default(),
    )
    .await;
    assert_eq!(
        lines,
        [
            "GET /v1/audit-logs?page_size=100",
            "GET /v1/audit-logs?page_size=100&resource_types=custom_role%2Cuser"
        ]
    );
    let log = log.unwrap();
    assert_eq!(log.entries.len(), 2, "{log:?}");
    assert_eq!(
        log.notes[0].raw(),
        "128 entries of the audit log were not read: who made a change may stand there."
    );
}

#[tokio::test]
async fn the_next_page_is_read_where_no_type_would_narrow_the_log() {
    let types = r#"{"value":"role"}"#;
    let other = r#"{"action":"repository_create"}"#;
    for first in [
        page(&[DOCUMENTED], true, 2, types),
        page(&[DOCUMENTED, other, other], true, 4, ""),
        page(&[DOCUMENTED, other, other], true, 4, types).replace("filter_options", "other"),
    ] {
        let second = page(&[r#"{"id":"2"}"#], false, 2, types);
        let answer = move |_: &Seen, before: usize| json(200, [&first, &second][before.min(1)].clone());
        let (log, lines) = read(answer, &[], ActivityQuery::default()).await;
        assert_eq!(lines[1], "GET /v1/audit-logs?page_size=100&page=2");
        let log = log.unwrap();
        assert_eq!((log.entries.len(), log.notes.len()), (2, 0));
    }
}

#[tokio::test]
async fn a_second_page_that_fails_leaves_the_first() {
    let first = page(&[DOCUMENTED], true, 2, "");
    let (log, _) = read(
        move |_, before| match before {
            0 => json(200, first.clone()),
            _ => json(403, "{}"),
        },
        &[],
        ActivityQuery::default(),
    )
    .await;
    let log = log.unwrap();
    assert_eq!(log.entries.len(), 1);
    assert_eq!(
        log.notes[0].raw(),
        "1 entry of the audit log was not read: who made a change may stand there."
    );
}

#[tokio::test]
async fn parameters_that_are_refused_are_left_out() {
    let mine = r#"{"id":"2","action":"role_update","metadata":{"orgId":88321}}"#;
    let body = page(&[DOCUMENTED, mine], false, 2, "");
    let answer = move |seen: &Seen, _: usize| match seen.line.contains("date_from") {
        true => json(400, r#"{"error":{"code":"INVALID_REQUEST","message":"unknown query parameter"}}"#),
        false => json(200, body.clone()),
    };
    let (log, lines) = read(answer.clone(), &[], since()).await;
    assert_eq!(lines.iter().filter(|line| **line == "GET /v1/audit-logs?page_size=100").count(), 1);
    assert_eq!((lines.len(), log.unwrap().entries.len()), (2, 2));
    // Of a whole workspace only what says that it is of this organization counts.
    let (log, lines) = read(answer, &[("org_id", "88321")], since()).await;
    assert!(lines.iter().any(|line| line.ends_with("Z&org_id=88321")), "{lines:?}");
    let log = log.unwrap();
    assert_eq!(log.entries.iter().map(ids).collect::<Vec<_>>(), [["88321"]]);
    assert!(log.notes[0].raw().starts_with("1 entry of the audit log"), "{:?}", log.notes);
}

#[tokio::test]
async fn a_refusal_says_which_key_would_help() {
    for (status, body, help) in [
        (403, r#"{"error":{"code":"FORBIDDEN","message":"no"}}"#, "Admin role"),
        (403, r#"{"error":{"message":"an agentic key cannot do this"}}"#, "no agentic key"),
        (410, r#"{"error":{"code":"LEGACY_API_KEY"}}"#, "Make a user key"),
        (404, "{}", "settings.url"),
    ] {
        let (log, lines) = read(move |_, _| json(status, body), &[], since()).await;
        assert_eq!(lines.len(), 1);
        assert!(log.clone().unwrap_err().help.is_some_and(|said| said.contains(help)), "{log:?}");
    }
    for body in ["", "[]", "{}", r#"{"data":null}"#, r#"{"data":[1]}"#, r#"{"data":{}}"#, ME] {
        let (log, _) = read(move |_, _| json(200, body), &[], ActivityQuery::default()).await;
        assert_eq!(log.unwrap_err().kind, ReadErrorKind::Malformed, "{body}");
    }
}

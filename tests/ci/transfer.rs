//! Files that a forge keeps elsewhere.

use rolecall::{
    ci::forge::{Client, Kind, Refusal, Service},
    model::secret::Secret,
};

use super::github::{GitHub, TOKEN};

fn download(github: &GitHub, id: &str, largest: usize) -> Result<Vec<u8>, Refusal> {
    let token = Secret::new(TOKEN.to_owned());
    let service = Service {
        url: &github.url,
        variable: "GITHUB_API_URL",
        header: "authorization",
        prefix: "Bearer ",
        token: &token,
        accept: "application/vnd.github+json",
        also: Some(("x-github-api-version", "2022-11-28")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = Client::open(&service).expect("a client");
        client.download(&["repos", "acme", "roles", "actions", "artifacts", id, "zip"], largest).await
    })
}

#[test]
fn p1_a_redirect_is_followed_once_and_without_the_token() {
    let github = GitHub::start();
    let elsewhere = format!("{}/elsewhere/1", github.url);
    github.world().files.insert("1".to_owned(), (elsewhere, b"PK".to_vec()));
    assert_eq!(download(&github, "1", 100), Ok(b"PK".to_vec()));
    github.is_content();
    let kind = |id: &str, largest| download(&github, id, largest).map_err(|refusal| refusal.kind);
    assert_eq!(kind("1", 1), Err(Kind::Malformed));
    assert_eq!(kind("2", 100), Err(Kind::NotFound));
    for place in ["http://files.github.test/1", "file:///etc/passwd", "https://user:pass@files.github.test/1"]
    {
        github.world().files.insert("1".to_owned(), (place.to_owned(), Vec::new()));
        assert_eq!(kind("1", 100), Err(Kind::Malformed), "{place}");
    }
}

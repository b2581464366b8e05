//! `POST /api/graphql`: queries are parsed, checked against the schema, and executed field by field.

mod coerce;
mod connection;
mod execute;
mod fragments;
mod mutation;
mod node;
mod query;
mod schema;
mod validate;

use graphql_parser::Pos;
use graphql_parser::query::{Definition, OperationDefinition, SelectionSet, VariableDefinition, parse_query};
use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;

use super::caller::{self, Caller, Context};
use super::switches::GRAPHQL_BAD_TOKEN;
use execute::Execution;
use fragments::Fragments;
use schema::{SCHEMA, Schema};
use validate::Check;

pub(super) use connection::first_cursor;

/// How long a query may be.
const LONGEST: usize = 10_000;

/// The operation to do.
struct Operation<'a> {
    /// `query`, `mutation` or `subscription`, and the name.
    label: String,
    mutates: bool,
    selection: &'a SelectionSet<'a, String>,
    variables: &'a [VariableDefinition<'a, String>],
}

/// Errors without any data.
fn errors(errors: &[Value]) -> Answer {
    Answer::json(200, &json!({ "errors": errors }))
}

fn error(message: &str) -> Answer {
    errors(&[json!({ "message": message })])
}

/// Answers a request.
pub(super) fn answer(context: Context<'_>) -> Answer {
    let caller = match caller::identify(context) {
        Ok(caller) => caller,
        Err(refusal) if context.switches.is(&GRAPHQL_BAD_TOKEN, "message") => return refusal.answer(),
        Err(_) => return Answer::json(401, &json!({ "errors": [{ "message": "Invalid token" }] })),
    };
    match SCHEMA.as_ref() {
        Ok(schema) => run(context, caller.as_ref(), schema),
        Err(reason) => Answer::plain_error(500, &format!("the schema of the emulator is wrong: {reason}")),
    }
}

fn run<'a>(context: Context<'a>, caller: Option<&Caller<'a>>, schema: &Schema) -> Answer {
    let sent = match request(context) {
        Ok(sent) => sent,
        Err(message) => return error(&message),
    };
    let text = sent.get("query").and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        return error("No query string was present");
    }
    if text.len() > LONGEST {
        return error("Query too large");
    }
    let document = match parse_query::<String>(text) {
        Ok(document) => document,
        Err(problem) => {
            let text = problem.to_string();
            let text = text.strip_prefix("query parse error: ").unwrap_or(&text).trim();
            return errors(&[json!({ "message": text.replace('\n', ". "), "locations": position(text) })]);
        }
    };
    let fragments: Fragments<'_> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        })
        .collect();
    let operations: Vec<Operation<'_>> = document.definitions.iter().filter_map(operation).collect();
    let wanted = sent.get("operationName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let operation = match select(&operations, wanted) {
        Ok(operation) => operation,
        Err(message) => return error(&message),
    };
    if operation.label.starts_with("subscription") {
        return error("Schema is not configured for subscriptions");
    }
    let root = if operation.mutates { "Mutation" } else { "Query" };
    let found = Check::new(schema, context.switches, &fragments, operation.variables).operation(
        &operation.label,
        root,
        operation.selection,
    );
    if !found.is_empty() {
        return errors(&found);
    }
    let given = sent.get("variables").and_then(Value::as_object).cloned().unwrap_or_default();
    let variables = match variables(context, schema, operation, &given) {
        Ok(variables) => variables,
        Err(found) => return errors(&found),
    };
    let writes = caller.is_none_or(|caller| caller.has_scope("api"));
    let reads = writes || caller.is_none_or(|caller| caller.has_scope("read_api"));
    if operation.mutates && !writes || !reads {
        let body = json!({ "errors": [{ "message": "insufficient_scope" }] });
        return Answer::json(403, &body);
    }
    let mut execution = Execution {
        schema,
        fragments: &fragments,
        variables: &variables,
        context,
        caller: caller.copied(),
        errors: Vec::new(),
    };
    let (data, changes) = if operation.mutates {
        execution.mutations(operation.selection)
    } else {
        (execution.root(operation.selection), Vec::new())
    };
    let mut body = json!({ "data": data });
    if !execution.errors.is_empty() {
        body["errors"] = json!(execution.errors);
    }
    Answer::json(200, &body).changing(changes)
}

/// The request: JSON in the body of a POST.
fn request(context: Context<'_>) -> Result<Map<String, Value>, String> {
    if context.call.method == "GET" {
        return Err("No query string was present".to_owned());
    }
    let mut sent: Map<String, Value> =
        serde_json::from_slice(&context.call.body).map_err(|_| "Unexpected end of document".to_owned())?;
    // Variables may come as text.
    if let Some(Value::String(text)) = sent.get("variables") {
        let variables = serde_json::from_str(text).map_err(|_| "Invalid variables: not JSON".to_owned())?;
        sent.insert("variables".to_owned(), variables);
    }
    Ok(sent)
}

/// Line and column of `Parse error at 1:2`.
fn position(text: &str) -> Value {
    let place = text.strip_prefix("Parse error at ").and_then(|rest| rest.lines().next());
    let place = place.and_then(|place| place.split_once(':'));
    let number = |text: &str| text.trim().parse::<usize>().ok();
    match place.and_then(|(line, column)| Some((number(line)?, number(column)?))) {
        Some((line, column)) => json!([{ "line": line, "column": column }]),
        None => json!([]),
    }
}

fn operation<'a>(definition: &'a Definition<'a, String>) -> Option<Operation<'a>> {
    let named = |kind: &str, name: &Option<String>| match name {
        Some(name) => format!("{kind} {name}"),
        None => kind.to_owned(),
    };
    let Definition::Operation(operation) = definition else {
        return None;
    };
    Some(match operation {
        OperationDefinition::SelectionSet(selection) => {
            Operation { label: "query".to_owned(), mutates: false, selection, variables: &[] }
        }
        OperationDefinition::Query(query) => Operation {
            label: named("query", &query.name),
            mutates: false,
            selection: &query.selection_set,
            variables: &query.variable_definitions,
        },
        OperationDefinition::Mutation(mutation) => Operation {
            label: named("mutation", &mutation.name),
            mutates: true,
            selection: &mutation.selection_set,
            variables: &mutation.variable_definitions,
        },
        OperationDefinition::Subscription(subscription) => Operation {
            label: named("subscription", &subscription.name),
            mutates: false,
            selection: &subscription.selection_set,
            variables: &subscription.variable_definitions,
        },
    })
}

fn select<'a, 'b>(
    operations: &'b [Operation<'a>],
    wanted: Option<&str>,
) -> Result<&'b Operation<'a>, String> {
    let name = |operation: &Operation<'_>| operation.label.split_once(' ').map(|(_, name)| name.to_owned());
    match (wanted, operations) {
        (_, []) => Err("No query string was present".to_owned()),
        (None, [operation]) => Ok(operation),
        (None, _) => {
            let names: Vec<String> = operations.iter().filter_map(name).collect();
            Err(format!("An operation name is required: {}", names.join(", ")))
        }
        (Some(wanted), _) => operations
            .iter()
            .find(|operation| name(operation).as_deref() == Some(wanted))
            .ok_or_else(|| format!("No operation named \"{wanted}\"")),
    }
}

/// The values of an operation's variables, or what is wrong with them.
fn variables(
    context: Context<'_>,
    schema: &Schema,
    operation: &Operation<'_>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Value>> {
    let mut values = Map::new();
    let mut errors = Vec::new();
    for variable in operation.variables {
        let sent = given.get(&variable.name).cloned();
        let default =
            || variable.default_value.as_ref().and_then(|value| coerce::to_json(value, &Map::new()));
        let of = static_type(&variable.var_type);
        let value = match (sent.or_else(default), &of) {
            (Some(value), _) => value,
            (None, schema::TypeRef::NonNullType(_)) => Value::Null,
            (None, _) => continue,
        };
        let mut problems = Vec::new();
        let coerced = coerce::coerce(schema, context.switches, &of, &value, &[], &mut problems);
        if !problems.is_empty() {
            errors.push(invalid(variable, &value, &problems));
        }
        values.insert(variable.name.clone(), coerced);
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn static_type(of: &graphql_parser::query::Type<'_, String>) -> schema::TypeRef {
    use graphql_parser::query::Type;
    match of {
        Type::NamedType(name) => Type::NamedType(name.clone()),
        Type::ListType(inner) => Type::ListType(Box::new(static_type(inner))),
        Type::NonNullType(inner) => Type::NonNullType(Box::new(static_type(inner))),
    }
}

fn invalid(variable: &VariableDefinition<'_, String>, value: &Value, problems: &[coerce::Problem]) -> Value {
    let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    let places: Vec<String> = problems
        .iter()
        .filter(|problem| !problem.path.is_empty())
        .map(|problem| {
            let path: Vec<String> = problem.path.iter().map(text).collect();
            format!("{} ({})", path.join("."), problem.explanation)
        })
        .collect();
    let places = if places.is_empty() { String::new() } else { format!(" for {}", places.join(", ")) };
    let listed: Vec<Value> = problems
        .iter()
        .map(|problem| json!({ "path": problem.path, "explanation": problem.explanation }))
        .collect();
    let Pos { line, column } = variable.position;
    json!({
        "message": format!(
            "Variable ${} of type {} was provided invalid value{places}", variable.name, variable.var_type
        ),
        "locations": [{ "line": line, "column": column }],
        "extensions": { "value": value, "problems": listed },
    })
}

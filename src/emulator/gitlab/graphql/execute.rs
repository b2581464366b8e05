//! Executing an operation that has been checked.

use std::collections::HashMap;

use graphql_parser::query::{Directive, Field, Selection, SelectionSet};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::emulator::gitlab::caller::{Caller, Context};
use crate::emulator::product::Change;

use super::coerce;
use super::fragments::Fragments;
use super::mutation;
use super::node::{Failed, Node, Object};
use super::query;
use super::schema::Schema;
use super::validate::key;

/// What an operation is executed with.
pub(super) struct Execution<'a, 'b> {
    pub(super) schema: &'b Schema,
    pub(super) fragments: &'b Fragments<'b>,
    pub(super) variables: &'b Map<String, Value>,
    pub(super) context: Context<'a>,
    pub(super) caller: Option<Caller<'a>>,
    pub(super) errors: Vec<Value>,
}

/// The fields of one response key.
type Fields<'b> = IndexMap<&'b str, Vec<&'b Field<'b, String>>>;

impl<'a, 'b> Execution<'a, 'b> {
    /// The data of a query.
    pub(super) fn root(&mut self, selection: &'b SelectionSet<'b, String>) -> Value {
        let counts = query::Counts::default();
        self.object(&Object::Query, &[selection], &mut Vec::new(), &counts)
    }

    /// The data of a mutation, whose fields are done one after the other, and the changes.
    pub(super) fn mutations(&mut self, selection: &'b SelectionSet<'b, String>) -> (Value, Vec<Change>) {
        let mut data = Map::new();
        let mut changes: Vec<Change> = Vec::new();
        let mut world = None;
        for (key, same) in self.collect(&[selection]) {
            let Some(field) = same.first() else { continue };
            if field.name == "__typename" {
                data.insert(key.to_owned(), json!("Mutation"));
                continue;
            }
            let now = world.as_ref().unwrap_or(self.context.world);
            let context = Context { world: now, ..self.context };
            let arguments = self.arguments("Mutation", field);
            let (value, made) =
                match mutation::perform(context, self.caller.as_ref(), &field.name, &arguments) {
                    Ok((payload, made)) => {
                        let below: Vec<_> = same.iter().map(|one| &one.selection_set).collect();
                        let mut after = (!made.is_empty()).then(|| now.clone());
                        if let Some(after) = &mut after {
                            // What cannot be applied here is refused by the frame all the same.
                            made.iter().for_each(|change| drop(after.apply(change)));
                        }
                        let seen = after.as_ref().unwrap_or(now);
                        let mut inner = Execution {
                            schema: self.schema,
                            fragments: self.fragments,
                            variables: self.variables,
                            context: Context { world: seen, ..self.context },
                            caller: self.caller,
                            errors: Vec::new(),
                        };
                        let counts = query::Counts::default();
                        let value = inner.object(
                            &Object::Payload(Box::new(payload)),
                            &below,
                            &mut vec![json!(key)],
                            &counts,
                        );
                        let failed = std::mem::take(&mut inner.errors);
                        self.errors.extend(failed);
                        if after.is_some() {
                            world = after;
                        }
                        (value, made)
                    }
                    Err(Failed(message)) => {
                        self.fail(&message, field, &[json!(key)]);
                        (Value::Null, Vec::new())
                    }
                };
            data.insert(key.to_owned(), value);
            changes.extend(made);
        }
        (Value::Object(data), changes)
    }

    fn fail(&mut self, message: &str, field: &Field<'_, String>, path: &[Value]) {
        let at = field.position;
        self.errors.push(json!({
            "message": message, "locations": [{ "line": at.line, "column": at.column }], "path": path,
        }));
    }

    fn wanted(&self, directives: &[Directive<'_, String>]) -> bool {
        directives.iter().all(|directive| {
            let flag = directive.arguments.iter().find(|(name, _)| name == "if");
            let flag =
                flag.and_then(|(_, value)| coerce::to_json(value, self.variables)) == Some(json!(true));
            flag == (directive.name == "include")
        })
    }

    /// The fields to answer, with those of fragments, in the order in which their keys come first.
    fn collect(&self, selections: &[&'b SelectionSet<'b, String>]) -> Fields<'b> {
        let mut fields = IndexMap::new();
        selections.iter().for_each(|selection| self.collect_into(selection, &mut fields));
        fields
    }

    fn collect_into(&self, selection: &'b SelectionSet<'b, String>, into: &mut Fields<'b>) {
        for item in &selection.items {
            match item {
                Selection::Field(field) if self.wanted(&field.directives) => {
                    into.entry(key(field)).or_default().push(field);
                }
                Selection::InlineFragment(fragment) if self.wanted(&fragment.directives) => {
                    self.collect_into(&fragment.selection_set, into);
                }
                Selection::FragmentSpread(spread) if self.wanted(&spread.directives) => {
                    if let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()) {
                        self.collect_into(&fragment.selection_set, into);
                    }
                }
                _ => {}
            }
        }
    }

    fn arguments(&self, parent: &str, field: &Field<'_, String>) -> Map<String, Value> {
        let known = self.schema.field(parent, &field.name).map(|known| &known.arguments);
        let types: HashMap<&str, _> =
            known.into_iter().flatten().map(|(name, of)| (name.as_str(), of)).collect();
        let value = |(name, value): &(String, coerce::Literal<'_>)| {
            let of = types.get(name.as_str())?;
            let value = coerce::literal(self.schema, self.context.switches, of, value, self.variables)?;
            Some((name.clone(), value))
        };
        field.arguments.iter().filter_map(value).collect()
    }

    fn object(
        &mut self,
        object: &Object,
        selections: &[&'b SelectionSet<'b, String>],
        path: &mut Vec<Value>,
        counts: &query::Counts,
    ) -> Value {
        let mut data = Map::new();
        let parent = object.type_name();
        for (key, same) in self.collect(selections) {
            let Some(field) = same.first() else { continue };
            if field.name == "__typename" {
                data.insert(key.to_owned(), json!(parent));
                continue;
            }
            path.push(json!(key));
            let arguments = self.arguments(&parent, field);
            let resolver = query::Resolver { context: self.context, caller: self.caller.as_ref(), counts };
            let value = match resolver.field(object, &field.name, &arguments) {
                Ok(node) => {
                    let below: Vec<_> = same.iter().map(|one| &one.selection_set).collect();
                    self.node(node, &below, path, counts)
                }
                Err(Failed(message)) => {
                    self.fail(&message, field, path);
                    Value::Null
                }
            };
            path.pop();
            data.insert(key.to_owned(), value);
        }
        Value::Object(data)
    }

    fn node(
        &mut self,
        node: Node,
        selections: &[&'b SelectionSet<'b, String>],
        path: &mut Vec<Value>,
        counts: &query::Counts,
    ) -> Value {
        match node {
            Node::Null => Value::Null,
            Node::Value(value) => value,
            Node::Object(object) => self.object(&object, selections, path, counts),
            Node::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    path.push(json!(index));
                    list.push(self.node(item, selections, path, counts));
                    path.pop();
                }
                Value::Array(list)
            }
        }
    }
}

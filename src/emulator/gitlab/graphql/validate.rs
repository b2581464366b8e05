//! Checks of a query before anything of it is done.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::Pos;
use graphql_parser::query::Value as Literal;
use graphql_parser::query::{Field, Selection, SelectionSet, TypeCondition, VariableDefinition};
use graphql_parser::schema::Type;
use serde_json::{Value, json};

use crate::emulator::switch::Switches;

use super::coerce;
use super::fragments::{Fragments, cost, loops};
use super::schema::{Kind, Schema, TypeRef, named};

/// The most that a query may cost, one for each field.
const COMPLEXITY: u64 = 250;

/// The checks of one operation.
pub(super) struct Check<'a> {
    pub(super) schema: &'a Schema,
    pub(super) switches: &'a Switches,
    pub(super) fragments: &'a Fragments<'a>,
    pub(super) variables: BTreeMap<&'a str, &'a VariableDefinition<'a, String>>,
    used: BTreeSet<&'a str>,
    visited: BTreeSet<&'a str>,
    path: Vec<Value>,
    errors: Vec<Value>,
}

fn error(message: String, at: Pos, path: &[Value], extensions: &Value) -> Value {
    json!({
        "message": Value::String(message), "locations": [{ "line": at.line, "column": at.column }],
        "path": path, "extensions": extensions,
    })
}

impl<'a> Check<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        switches: &'a Switches,
        fragments: &'a Fragments<'a>,
        variables: &'a [VariableDefinition<'a, String>],
    ) -> Self {
        Self {
            schema,
            switches,
            fragments,
            variables: variables.iter().map(|variable| (variable.name.as_str(), variable)).collect(),
            used: BTreeSet::new(),
            visited: BTreeSet::new(),
            path: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn add(&mut self, message: String, at: Pos, extensions: &Value) {
        self.errors.push(error(message, at, &self.path, extensions));
    }

    /// Everything that is wrong with an operation.
    pub(super) fn operation(
        mut self,
        label: &str,
        root: &'a str,
        selection: &'a SelectionSet<'a, String>,
    ) -> Vec<Value> {
        self.path.push(json!(label));
        for name in self.fragments.keys() {
            if loops(self.fragments, name) {
                self.add(
                    format!("Fragment {name} contains an infinite loop"),
                    selection.span.0,
                    &json!({ "code": "infiniteLoop", "fragmentName": name }),
                );
            }
        }
        if !self.errors.is_empty() {
            return self.errors;
        }
        let variables: Vec<_> = self.variables.values().copied().collect();
        for variable in &variables {
            let name = type_name(&variable.var_type);
            let input = matches!(
                self.schema.kind(name),
                Some(Kind::Scalar | Kind::Enum(_) | Kind::VersionEnum(_) | Kind::Input(_))
            );
            if !input {
                self.add(
                    format!("{name} isn't a defined input type (on ${})", variable.name),
                    variable.position,
                    &json!({ "code": "variableRequiresValidType", "variableName": variable.name, "typeName": name }),
                );
            }
        }
        self.selection(root, selection);
        for variable in variables {
            if !self.used.contains(variable.name.as_str()) {
                self.add(
                    format!(
                        "Variable ${} is declared by {} but not used",
                        variable.name,
                        operation_name(label)
                    ),
                    variable.position,
                    &json!({ "code": "variableNotUsed", "variableName": variable.name }),
                );
            }
        }
        let unused: Vec<_> = self
            .fragments
            .values()
            .filter(|one| !self.visited.contains(one.name.as_str()))
            .copied()
            .collect();
        for fragment in unused {
            self.add(
                format!("Fragment {} was defined, but not used", fragment.name),
                fragment.position,
                &json!({ "code": "useAndDefineFragment", "fragmentName": fragment.name }),
            );
        }
        if self.errors.is_empty() {
            let cost = cost(self.fragments, selection, &mut BTreeMap::new());
            if cost > COMPLEXITY {
                let message =
                    format!("Query has complexity of {cost}, which exceeds max complexity of {COMPLEXITY}");
                return vec![json!({ "message": message })];
            }
            self.conflicts(&[selection]);
        }
        self.errors
    }

    fn selection(&mut self, parent: &'a str, selection: &'a SelectionSet<'a, String>) {
        for item in &selection.items {
            match item {
                Selection::Field(field) => self.field(parent, field),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    let condition = match &fragment.type_condition {
                        Some(TypeCondition::On(condition)) => condition,
                        None => parent,
                    };
                    if self.condition(condition, parent, fragment.position) {
                        self.selection(parent, &fragment.selection_set);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    let name = spread.fragment_name.as_str();
                    let Some(fragment) = self.fragments.get(name).copied() else {
                        self.add(
                            format!("Fragment {name} was used, but not defined"),
                            spread.position,
                            &json!({ "code": "useAndDefineFragment", "fragmentName": name }),
                        );
                        continue;
                    };
                    let TypeCondition::On(condition) = &fragment.type_condition;
                    // Once is enough; a fragment within fragments can be reached very many times.
                    let first = self.visited.insert(name);
                    if self.condition(condition, parent, spread.position) && first {
                        self.selection(parent, &fragment.selection_set);
                    }
                }
            }
        }
    }

    fn condition(&mut self, condition: &str, parent: &str, at: Pos) -> bool {
        if condition == parent {
            return true;
        }
        if matches!(self.schema.kind(condition), Some(Kind::Object(_))) {
            self.add(
                format!("Fragment on {condition} can't be spread inside {parent}"),
                at,
                &json!({ "code": "cannotSpreadFragment", "typeName": condition, "parentTypeName": parent }),
            );
        } else {
            self.add(
                format!("No such type {condition}, so it can't be a fragment condition"),
                at,
                &json!({ "code": "undefinedType", "typeName": condition }),
            );
        }
        false
    }

    fn directives(&mut self, directives: &'a [graphql_parser::query::Directive<'a, String>]) {
        for directive in directives {
            if !matches!(directive.name.as_str(), "skip" | "include") {
                self.add(
                    format!("Directive @{} is not defined", directive.name),
                    directive.position,
                    &json!({ "code": "undefinedDirective", "directiveName": directive.name }),
                );
                continue;
            }
            let flag = Type::NonNullType(Box::new(Type::NamedType("Boolean".to_owned())));
            match directive.arguments.iter().find(|(name, _)| name == "if") {
                Some((_, value)) => {
                    self.value(&flag, value, "if", &format!("Directive '{}'", directive.name), directive.position);
                }
                None => self.add(
                    format!("Directive '{}' is missing required arguments: if", directive.name),
                    directive.position,
                    &json!({ "code": "missingRequiredArguments", "className": "Directive", "name": directive.name, "arguments": "if" }),
                ),
            }
        }
    }

    fn field(&mut self, parent: &'a str, field: &'a Field<'a, String>) {
        let schema = self.schema;
        let name = field.name.as_str();
        self.path.push(json!(field.alias.as_deref().unwrap_or(name)));
        self.directives(&field.directives);
        if name == "__typename" {
            if !field.selection_set.items.is_empty() {
                self.scalar_selections(field, "String");
            }
        } else if let Some(known) = schema.field(parent, name) {
            self.arguments(field, &known.arguments);
            let inner = named(&known.of);
            let is_object = matches!(schema.kind(inner), Some(Kind::Object(_)));
            match (is_object, field.selection_set.items.is_empty()) {
                (true, false) => self.selection(inner, &field.selection_set),
                (true, true) => self.add(
                    format!(
                        "Field must have selections (field '{name}' returns {inner} but has no selections. Did you mean '{name} {{ ... }}'?)"
                    ),
                    field.position,
                    &json!({ "code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": inner }),
                ),
                (false, false) => self.scalar_selections(field, inner),
                (false, true) => {}
            }
        } else {
            self.add(
                format!("Field '{name}' doesn't exist on type '{parent}'"),
                field.position,
                &json!({ "code": "undefinedField", "typeName": parent, "fieldName": name }),
            );
        }
        self.path.pop();
    }

    fn scalar_selections(&mut self, field: &Field<'_, String>, inner: &str) {
        let name = &field.name;
        self.add(
            format!(
                "Selections can't be made on scalars (field '{name}' returns {inner} but has selections)"
            ),
            field.position,
            &json!({ "code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": inner }),
        );
    }

    fn arguments(&mut self, field: &'a Field<'a, String>, known: &'a BTreeMap<String, TypeRef>) {
        let owner = format!("Field '{}'", field.name);
        for (name, value) in &field.arguments {
            match known.get(name) {
                Some(of) => self.value(of, value, name, &owner, field.position),
                None => self.add(
                    format!("{owner} doesn't accept argument '{name}'"),
                    field.position,
                    &json!({ "code": "argumentNotAccepted", "name": field.name, "typeName": "Field", "argumentName": name }),
                ),
            }
        }
        let sent = |name: &str| field.arguments.iter().any(|(sent, _)| sent == name);
        let missing: Vec<&str> = known
            .iter()
            .filter(|(name, of)| matches!(of, Type::NonNullType(_)) && !sent(name))
            .map(|(name, _)| name.as_str())
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            self.add(
                format!("{owner} is missing required arguments: {missing}"),
                field.position,
                &json!({ "code": "missingRequiredArguments", "className": "Field", "name": field.name, "arguments": missing }),
            );
        }
    }

    /// Checks a value of a query against the type of an argument.
    fn value(&mut self, of: &TypeRef, value: &'a Literal<'a, String>, name: &str, owner: &str, at: Pos) {
        if !self.fits(of, value, name, at) {
            self.add(
                format!("Argument '{name}' on {owner} has an invalid value ({value}). Expected type '{of}'."),
                at,
                &json!({ "code": "argumentLiteralsIncompatible", "argumentName": name }),
            );
        }
    }

    /// Whether a value is of a type; what is wrong with variables and fields within it is said already.
    fn fits(&mut self, of: &TypeRef, value: &'a Literal<'a, String>, name: &str, at: Pos) -> bool {
        match (of, value) {
            (_, Literal::Variable(variable)) => {
                self.variable(of, variable, name, at);
                true
            }
            (Type::NonNullType(_), Literal::Null) => false,
            (_, Literal::Null) => true,
            (Type::NonNullType(inner), _) => self.fits(inner, value, name, at),
            (Type::ListType(inner), Literal::List(items)) => {
                items.iter().all(|item| self.fits(inner, item, name, at))
            }
            (Type::ListType(inner), _) => self.fits(inner, value, name, at),
            (Type::NamedType(of_name), Literal::Object(sent)) => {
                let schema = self.schema;
                match schema.kind(of_name) {
                    Some(Kind::Input(fields)) => {
                        self.object(of_name, fields, sent, at);
                        true
                    }
                    _ => false,
                }
            }
            (Type::NamedType(of_name), _) => coerce::is_scalar(self.schema, self.switches, of_name, value),
        }
    }

    fn object(
        &mut self,
        of: &str,
        fields: &BTreeMap<String, TypeRef>,
        sent: &'a BTreeMap<String, Literal<'a, String>>,
        at: Pos,
    ) {
        let owner = format!("InputObject '{of}'");
        for (name, value) in sent {
            match fields.get(name) {
                Some(of) => self.value(of, value, name, &owner, at),
                None => self.add(
                    format!("{owner} doesn't accept argument '{name}'"),
                    at,
                    &json!({ "code": "argumentNotAccepted", "name": of, "typeName": "InputObject", "argumentName": name }),
                ),
            }
        }
        for (name, of) in fields {
            if matches!(of, Type::NonNullType(_)) && !sent.contains_key(name) {
                self.add(
                    format!("Argument '{name}' on {owner} is required. Expected type {of}"),
                    at,
                    &json!({ "code": "missingRequiredInputObjectAttribute", "argumentName": name, "argumentType": of.to_string() }),
                );
            }
        }
    }

    fn variable(&mut self, of: &TypeRef, name: &'a str, argument: &str, at: Pos) {
        self.used.insert(name);
        let Some(variable) = self.variables.get(name).copied() else {
            let label = self.path.first().and_then(Value::as_str).unwrap_or_default().to_owned();
            self.add(
                format!("Variable ${name} is used by {} but not declared", operation_name(&label)),
                at,
                &json!({ "code": "variableNotDefined", "variableName": name }),
            );
            return;
        };
        let has_default = variable.default_value.as_ref().is_some_and(|value| *value != Literal::Null);
        let declared = variable.var_type.to_string();
        let wanted = of.to_string();
        let fits = declared == wanted
            || declared.trim_end_matches('!') == wanted.trim_end_matches('!')
                && (declared.ends_with('!') || has_default)
            || list_fits(&declared, &wanted);
        if !fits {
            self.add(
                format!("Type mismatch on variable ${name} and argument {argument} ({declared} / {wanted})"),
                at,
                &json!({ "code": "variableMismatch", "variableName": name, "typeName": declared, "argumentName": argument, "errorMessage": "Type mismatch" }),
            );
        }
    }

    /// Fields with one response key must be the same field.
    fn conflicts(&mut self, selections: &[&'a SelectionSet<'a, String>]) {
        let mut fields: BTreeMap<&str, Vec<&'a Field<'a, String>>> = BTreeMap::new();
        let mut open: Vec<&'a SelectionSet<'a, String>> = selections.to_vec();
        while let Some(selection) = open.pop() {
            for item in &selection.items {
                match item {
                    Selection::Field(field) => fields.entry(key(field)).or_default().push(field),
                    Selection::InlineFragment(fragment) => open.push(&fragment.selection_set),
                    Selection::FragmentSpread(spread) => {
                        open.extend(
                            self.fragments.get(spread.fragment_name.as_str()).map(|one| &one.selection_set),
                        );
                    }
                }
            }
        }
        for (key, same) in fields {
            let Some(first) = same.first() else { continue };
            let other = same.iter().find(|one| one.name != first.name || one.arguments != first.arguments);
            if let Some(other) = other {
                self.add(
                    format!("Field '{key}' has a field conflict: {} or {}?", first.name, other.name),
                    first.position,
                    &json!({ "code": "fieldConflict", "fieldName": key }),
                );
            }
            let below: Vec<_> = same.iter().map(|one| &one.selection_set).collect();
            if below.iter().any(|selection| !selection.items.is_empty()) {
                self.conflicts(&below);
            }
        }
    }
}

/// The key of a field in the answer.
pub(super) fn key<'a>(field: &'a Field<'a, String>) -> &'a str {
    field.alias.as_deref().unwrap_or(&field.name)
}

/// Whether lists differ only in exclamation marks that the declaration has beyond what is wanted.
fn list_fits(declared: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.replace('!', "");
    let inner_ok = !wanted.contains("!]") || declared.contains("!]");
    let outer_ok = !wanted.ends_with('!') || declared.ends_with('!');
    declared.starts_with('[') && plain(declared) == plain(wanted) && inner_ok && outer_ok
}

fn type_name<'a>(of: &'a Type<'a, String>) -> &'a str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => type_name(inner),
    }
}

/// `query q` is `q`; `query` is `anonymous query`.
fn operation_name(label: &str) -> String {
    label.split_once(' ').map_or_else(|| format!("anonymous {label}"), |(_, name)| name.to_owned())
}

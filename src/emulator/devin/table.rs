//! Objects of one kind, found by key and listed in the order of their creation.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::emulator::product::Change;

/// What a [`Table`] holds.
pub(super) trait Stored: Clone + Serialize + DeserializeOwned {
    /// What the object is called in the journal and in the write log.
    const KIND: &'static str;
    /// What it is found by.
    fn key(&self) -> &str;
    /// Its place in the order of creation, from 1; no two objects of an enterprise have the same.
    fn order(&self) -> u64;
}

/// Objects of one kind.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    places: HashMap<String, u64>,
    objects: BTreeMap<u64, Arc<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), objects: BTreeMap::new() }
    }
}

impl<T: Stored> Table<T> {
    /// The object with a key.
    pub(super) fn get(&self, key: &str) -> Option<&T> {
        self.objects.get(self.places.get(key)?).map(AsRef::as_ref)
    }

    /// All objects, the oldest first.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.objects.values().map(AsRef::as_ref)
    }

    /// Puts an object in place and returns what was there before.
    pub(super) fn put(&mut self, object: T) -> Option<Arc<T>> {
        let before = self.remove(object.key());
        self.places.insert(object.key().to_owned(), object.order());
        self.objects.insert(object.order(), Arc::new(object));
        before
    }

    fn remove(&mut self, key: &str) -> Option<Arc<T>> {
        let place = self.places.remove(key)?;
        self.objects.remove(&place)
    }

    /// Carries out a change, and returns the object before it.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = match &change.value {
            None => self.remove(&change.id),
            Some(value) => self.put(T::deserialize(value).map_err(|error| error.to_string())?),
        };
        Ok(before.map(|object| json_of(object.as_ref())))
    }

    /// Every object as a change that puts it in place.
    pub(super) fn objects(&self, scope: &str) -> impl Iterator<Item = Change> {
        self.values().map(|object| put(scope, object))
    }
}

/// An object as JSON; serialization of the emulator's types cannot fail.
pub(super) fn json_of<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or(Value::Null)
}

/// A change that puts an object in place.
pub(super) fn put<T: Stored>(scope: &str, object: &T) -> Change {
    put_as(scope, T::KIND, object.key(), object)
}

/// A change that puts something in place that is no [`Stored`] object.
pub(super) fn put_as<T: Serialize>(scope: &str, kind: &str, id: &str, value: &T) -> Change {
    Change { scope: scope.to_owned(), kind: kind.to_owned(), id: id.to_owned(), value: Some(json_of(value)) }
}

/// A change that removes an object.
pub(super) fn remove<T: Stored>(scope: &str, key: &str) -> Change {
    Change { scope: scope.to_owned(), kind: T::KIND.to_owned(), id: key.to_owned(), value: None }
}

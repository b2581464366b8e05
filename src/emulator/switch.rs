//! Switches: one for each fact about a product that its documentation leaves open.

use std::collections::BTreeMap;

use super::EmulatorError;

/// A fact that is not established for the real product, and the behaviours the emulator can show for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// What the switch is called on the command line and in `/_dashboard/switches`.
    pub name: &'static str,
    /// The values it can take; the first is the default.
    pub values: &'static [&'static str],
    /// The uncertain fact that it covers.
    pub about: &'static str,
}

impl Switch {
    /// The value that holds when nobody chose one.
    pub fn default_value(&self) -> &'static str {
        self.values.first().copied().unwrap_or_default()
    }
}

/// The values in force of one provider's switches.
#[derive(Debug, Clone)]
pub(crate) struct Switches {
    provider: &'static str,
    table: &'static [Switch],
    chosen: BTreeMap<&'static str, &'static str>,
}

impl Switches {
    /// All switches of `table` at their defaults.
    pub(crate) fn new(provider: &'static str, table: &'static [Switch]) -> Self {
        Self { provider, table, chosen: BTreeMap::new() }
    }

    /// Sets one switch.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), EmulatorError> {
        let switch = self.table.iter().find(|switch| switch.name == name).ok_or_else(|| {
            EmulatorError::UnknownSwitch {
                provider: self.provider.to_owned(),
                name: name.to_owned(),
                known: self.table.iter().map(|switch| switch.name).collect::<Vec<_>>().join(", "),
            }
        })?;
        let value = switch.values.iter().copied().find(|known| *known == value).ok_or_else(|| {
            EmulatorError::UnknownSwitchValue {
                name: name.to_owned(),
                value: value.to_owned(),
                known: switch.values.join(", "),
            }
        })?;
        self.chosen.insert(switch.name, value);
        Ok(())
    }

    /// Sets several switches, or none of them if one is not valid.
    pub(crate) fn set_all<'a>(
        &mut self,
        values: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), EmulatorError> {
        let mut changed = self.clone();
        for (name, value) in values {
            changed.set(name, value)?;
        }
        *self = changed;
        Ok(())
    }

    /// The value in force.
    pub(crate) fn get(&self, switch: &Switch) -> &'static str {
        self.chosen.get(switch.name).copied().unwrap_or_else(|| switch.default_value())
    }

    /// Whether `value` is in force.
    pub(crate) fn is(&self, switch: &Switch, value: &str) -> bool {
        debug_assert!(switch.values.contains(&value), "{} has no value {value}", switch.name);
        self.get(switch) == value
    }

    /// Every switch with the value in force.
    pub(crate) fn values(&self) -> BTreeMap<&'static str, &'static str> {
        self.table.iter().map(|switch| (switch.name, self.get(switch))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: [Switch; 1] = [Switch { name: "delete", values: &["409", "400"], about: "a status" }];

    #[test]
    fn a_switch_starts_at_its_first_value_and_refuses_what_it_does_not_know() {
        let mut switches = Switches::new("coderabbit", &TABLE);
        assert_eq!(switches.get(&TABLE[0]), "409");
        let error = switches.set("delete", "418").unwrap_err().to_string();
        assert!(error.contains("409, 400"), "{error}");
        let error = switches.set("deletion", "409").unwrap_err().to_string();
        assert!(error.contains("its switches are: delete"), "{error}");
        assert!(switches.set_all([("delete", "400"), ("x", "y")]).is_err());
        assert_eq!(switches.get(&TABLE[0]), "409", "nothing is set when one of several is not valid");
        switches.set("delete", "400").unwrap();
        assert_eq!(switches.values()["delete"], "400");
    }
}

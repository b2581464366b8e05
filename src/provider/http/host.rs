//! Where a credential may go: the policy, pure. The URL may come from a repository, so it is read as
//! text first and only then as a URL: whatever a URL parser would quietly repair is refused.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    net::{Ipv4Addr, Ipv6Addr},
};

use url::{Host, Url};

use crate::model::Untrusted;

/// The variable that names hosts beside `--allow-host`, separated by commas.
pub const ALLOWED_HOSTS: &str = "ROLECALL_ALLOW_HOSTS";

/// Longest URL that is looked at.
const LONGEST_URL: usize = 2048;

/// A host that requests may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Base URL; paths are appended to it.
    pub base: Url,
    /// Host in lower case, with the port where it is not the scheme's usual one.
    pub host: String,
    /// What goes there.
    pub sends: Sends,
    /// Whether it is this machine; then no proxy is used.
    pub loopback: bool,
}

/// What goes to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// The credential of the target.
    Credential,
    /// A fixed text: on this machine nobody asked for the real one to be sent.
    Dummy,
}

/// Why a credential may not go where the settings say (exit 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRefusal {
    /// What is wrong, one sentence.
    pub message: Untrusted,
    /// What to do.
    pub help: String,
}

impl HostRefusal {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into().into(), help: help.into() }
    }
}

/// The hosts that a person allowed: all values of `--allow-host`, and [`ALLOWED_HOSTS`].
pub fn allowed_hosts(flags: &[String], variable: Option<OsString>) -> Vec<String> {
    let variable = variable.map(|value| value.to_string_lossy().into_owned());
    let texts = flags.iter().map(String::as_str).chain(variable.as_deref());
    // The command line may have taken the variable for its flags already.
    let mut seen = BTreeSet::new();
    texts
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty() && seen.insert((*entry).to_owned()))
        .map(str::to_owned)
        .collect()
}

/// Whether every entry of `allowed` is a host; the refusal names all that are none.
///
/// # Errors
///
/// Where an entry is not `host` or `host:port`.
pub fn check_allowed(allowed: &[String]) -> Result<(), HostRefusal> {
    let mut refused = allowed.iter().filter_map(|entry| Pattern::parse(entry).err());
    let Some(mut first) = refused.next() else { return Ok(()) };
    let others = refused.map(|refusal| refusal.message.raw().to_owned());
    let all: Vec<String> = std::iter::once(first.message.raw().to_owned()).chain(others).collect();
    first.message = all.join("; ").into();
    Err(first)
}

/// Decides what may be sent to `url`.
///
/// The credential goes to `own_hosts` over https at the usual port, and to hosts that `allowed`
/// names as `host` (usual port; on loopback any port) or `host:port`, over https except on
/// loopback. A loopback host that is not named gets a dummy. Everything else is refused.
pub fn judge(url: &str, own_hosts: &[&str], allowed: &[String]) -> Result<Destination, HostRefusal> {
    let allowed = allowed.iter().map(|entry| Pattern::parse(entry)).collect::<Result<Vec<_>, _>>()?;
    let base = parse(url, own_hosts)?;
    let https = base.scheme() == "https";
    let (Some(host), Some(port)) = (base.host_str().map(str::to_owned), base.port_or_known_default()) else {
        return Err(HostRefusal::new("the URL names no host", "Write `https://HOST` in `settings.url`."));
    };
    let loopback = is_loopback(&base);
    let named = allowed.iter().any(|pattern| pattern.covers(&host, port, loopback));
    let shown = base.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    let own = own_hosts.contains(&host.as_str());

    let sends = if loopback {
        if named { Sends::Credential } else { Sends::Dummy }
    } else if !https {
        return Err(HostRefusal::new(
            format!("the URL of the target would send the credential to {shown} without encryption"),
            format!("Write `https://{host}` in `settings.url`; plain http is only for this machine."),
        ));
    } else if named || (own && base.port().is_none()) {
        Sends::Credential
    } else if own {
        return Err(HostRefusal::new(
            format!("{host} is the provider's host, but port {port} is not its port"),
            format!(
                "Leave the port out of `settings.url`. If a server of yours listens there, add `--allow-host {shown}` or set {ALLOWED_HOSTS}={shown}."
            ),
        ));
    } else {
        return Err(HostRefusal::new(
            format!("the credential may not go to {shown}: {}", why_foreign(&host, own_hosts)),
            format!(
                "If you trust that host with the credential, add `--allow-host {shown}` or set {ALLOWED_HOSTS}={shown}; the definitions themselves cannot allow it."
            ),
        ));
    };
    Ok(Destination { base, host: shown, sends, loopback })
}

/// Why a host is not one of the provider's, naming the usual disguises.
fn why_foreign(host: &str, own_hosts: &[&str]) -> String {
    if host.split('.').any(|label| label.starts_with("xn--")) {
        return "it is an internationalized name, which can look like another one".to_owned();
    }
    match own_hosts.iter().find(|own| host.contains(*own) || own.contains(host)) {
        Some(own) => format!("it only looks like the provider's host {own}"),
        None => match own_hosts {
            [] => "it was not named as allowed".to_owned(),
            own => format!("the provider's hosts are {}", own.join(" and ")),
        },
    }
}

/// Reads a URL and refuses every spelling that does not say plainly where it leads.
fn parse(url: &str, own_hosts: &[&str]) -> Result<Url, HostRefusal> {
    let example = own_hosts.first().copied().unwrap_or("roles.example.com");
    let help = format!("Write it as `https://{example}`.");
    let refuse = |what: &str| Err(HostRefusal::new(format!("the URL of the target {what}"), help.as_str()));
    if url.len() > LONGEST_URL {
        return refuse("is too long");
    }
    if !url.is_ascii() {
        return refuse("holds a character that is not ASCII, which can look like another one");
    }
    if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        return refuse("holds white space, a control character, or a backslash");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return refuse("is not an absolute http or https URL");
    };
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return refuse("has a scheme other than https");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Nothing of it is quoted: what stands before the @ may be a password.
    if authority.contains('@') {
        return refuse("holds a user name or password");
    }
    if rest.contains(['?', '#']) {
        return refuse("holds a query or a fragment");
    }
    let Ok(parsed) = Url::parse(url) else {
        return refuse("is not a URL");
    };
    let host = parsed.host_str().unwrap_or_default();
    if host.ends_with('.') {
        return refuse("has a host that ends with a dot");
    }
    // Decimal, octal, and shortened addresses, percent-encoded names: the parser reads another
    // host than a person does.
    let written = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    };
    if !written.eq_ignore_ascii_case(host) {
        return Err(HostRefusal::new(
            format!(
                "the URL of the target names its host in a way that hides which one it is: it means {host}"
            ),
            format!("Write `{host}`."),
        ));
    }
    if !is_plain_host(host) {
        return refuse("has a host with characters that no host name has");
    }
    Ok(parsed)
}

/// Letters, digits, `.-_`, or an IPv6 address in brackets: safe to print and to paste.
fn is_plain_host(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// One entry of the allowed hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    host: String,
    port: Option<u16>,
}

impl Pattern {
    fn parse(entry: &str) -> Result<Self, HostRefusal> {
        let lower = entry.to_ascii_lowercase();
        let (host, port) = match lower.rsplit_once(':') {
            // `::1` without brackets is an address, not a host with a port.
            Some(_) if lower.parse::<Ipv6Addr>().is_ok() => (format!("[{lower}]"), None),
            Some((host, port)) if !lower.ends_with(']') => (host.to_owned(), Some(port)),
            _ => (lower.clone(), None),
        };
        let port = port.map(str::parse::<u16>).transpose();
        let numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let fine = is_plain_host(&host)
            && !host.ends_with('.')
            && (!numeric || host.parse::<Ipv4Addr>().is_ok())
            && !host.contains("..");
        match (fine, port) {
            (true, Ok(port)) if port != Some(0) => Ok(Self { host, port }),
            _ => Err(HostRefusal::new(
                format!("`{entry}` is not a host that can be allowed"),
                format!(
                    "Write `host` or `host:port` after `--allow-host` and in {ALLOWED_HOSTS}, without scheme, path, or wildcard."
                ),
            )),
        }
    }

    fn covers(&self, host: &str, port: u16, loopback: bool) -> bool {
        self.host == host && self.port.map_or(loopback || port == 443, |allowed| allowed == port)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: &[&str] = &["api.roles.test", "api.eu.roles.test"];

    fn sends(url: &str, allowed: &[&str]) -> Option<Sends> {
        let allowed: Vec<String> = allowed.iter().map(|&entry| entry.to_owned()).collect();
        judge(url, OWN, &allowed).ok().map(|destination| destination.sends)
    }

    #[test]
    fn p1_own_hosts_get_the_credential_over_https_only() {
        for url in ["https://api.roles.test", "https://API.Roles.Test/", "https://api.eu.roles.test:443/base"]
        {
            assert_eq!(sends(url, &[]), Some(Sends::Credential), "{url}");
        }
        assert_eq!(sends("http://api.roles.test", &[]), None);
        assert_eq!(sends("http://api.roles.test", &["api.roles.test"]), None);
    }

    #[test]
    fn p1_disguised_hosts_are_refused() {
        for url in [
            "https://api.roles.test.evil.test",
            "https://evil.test/api.roles.test",
            "https://api.roles.test@evil.test",
            "https://@api.roles.test",
            "https://key:word@api.roles.test",
            "https://api.roles.test:8443",
            "https://api.roles.test:80",
            "https://api.roles.test.",
            "https://api.roles.test?to=evil",
            "https://api.roles.test#evil",
            "https://api.roles.t\u{435}st",
            "https://xn--pi-6kc.roles.test",
            "https://api%2eroles.test",
            "https://api.ro\tles.test",
            "https:\\\\api.roles.test",
            "https:/api.roles.test",
            "https:api.roles.test",
            " https://api.roles.test",
            "ftp://api.roles.test",
            "file:///etc/passwd",
            "javascript://api.roles.test",
            "//api.roles.test",
            "api.roles.test",
            "https://",
            "",
            "https://2130706433",
            "https://0x7f.1",
            "https://0177.0.0.1",
            "http://127.1",
            "http://localhost.",
            "http://localhost.evil.test",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0",
            "http://10.0.0.1",
            "https://169.254.169.254",
            "https://evil.test;echo",
        ] {
            assert_eq!(sends(url, &[]), None, "{url}");
        }
    }

    #[test]
    fn p1_a_refusal_shows_what_to_add_and_never_a_password() {
        let refusal = judge("https://roles.corp.test:8443/x", OWN, &[]).unwrap_err();
        assert!(refusal.help.contains("--allow-host roles.corp.test:8443"), "{refusal:?}");
        assert!(refusal.help.contains("ROLECALL_ALLOW_HOSTS=roles.corp.test:8443"), "{refusal:?}");
        let refusal = judge("https://mira:hunter2@roles.corp.test", OWN, &[]).unwrap_err();
        assert!(!format!("{refusal:?}").contains("hunter2"), "{refusal:?}");
    }

    #[test]
    fn p1_named_hosts_get_the_credential() {
        assert_eq!(sends("https://roles.corp.test", &["Roles.Corp.Test"]), Some(Sends::Credential));
        assert_eq!(sends("https://roles.corp.test:8443", &["roles.corp.test:8443"]), Some(Sends::Credential));
        assert_eq!(sends("https://roles.corp.test:8443", &["roles.corp.test"]), None);
        assert_eq!(sends("https://roles.corp.test", &["roles.corp.test:8443"]), None);
        assert_eq!(sends("http://roles.corp.test", &["roles.corp.test"]), None);
        assert_eq!(sends("https://sub.roles.corp.test", &["roles.corp.test"]), None);
    }

    #[test]
    fn p1_loopback_gets_a_dummy_unless_it_is_named() {
        for url in ["http://127.0.0.1:4000", "http://127.9.9.9", "https://localhost:1", "http://[::1]:4000"] {
            assert_eq!(sends(url, &["127.0.0.2"]), Some(Sends::Dummy), "{url}");
        }
        assert_eq!(sends("http://127.0.0.1:4000", &["127.0.0.1"]), Some(Sends::Credential));
        assert_eq!(sends("http://[::1]:4000", &["::1"]), Some(Sends::Credential));
        assert_eq!(sends("http://[::1]:4000", &["[::1]:4000"]), Some(Sends::Credential));
        assert_eq!(sends("http://localhost:4000", &["localhost:4001"]), Some(Sends::Dummy));
    }

    #[test]
    fn a_malformed_allowed_host_is_refused_whatever_the_url() {
        for entry in [
            "https://a.test",
            "a.test/",
            "*.a.test",
            "a.test:",
            "a.test:0",
            "a.test:99999",
            "a b",
            "a.",
            "1.2",
        ] {
            assert_eq!(sends("https://api.roles.test", &[entry]), None, "{entry}");
        }
    }

    #[test]
    fn flags_and_variable_are_united() {
        let flags = ["a.test,b.test:1".to_owned(), " c.test ".to_owned()];
        assert_eq!(
            allowed_hosts(&flags, Some("d.test,,".into())),
            ["a.test", "b.test:1", "c.test", "d.test"]
        );
    }

    proptest! {
        /// Whatever the text, the credential only goes to one of the named hosts over https.
        #[test]
        fn p1_no_text_sends_the_credential_elsewhere(
            url in "(https?://)?[a-zA-Z0-9@:./?#%\\\\\\[\\]-]{0,12}(api\\.roles\\.test|API.ROLES.TEST|127\\.0\\.0\\.1)[a-zA-Z0-9@:./?#%\\\\-]{0,12}"
        ) {
            if let Ok(destination) = judge(&url, OWN, &["corp.test".to_owned()]) {
                let host = destination.base.host_str().unwrap_or_default();
                prop_assert!(destination.base.username().is_empty() && destination.base.password().is_none());
                match destination.sends {
                    Sends::Credential => {
                        prop_assert!(destination.base.scheme() == "https" && destination.base.port().is_none());
                        prop_assert!(OWN.contains(&host) || host == "corp.test");
                        let prefix = format!("https://{host}");
                        prop_assert!(url.to_ascii_lowercase().starts_with(&prefix));
                    }
                    Sends::Dummy => prop_assert!(destination.loopback),
                }
            }
        }

        #[test]
        fn no_text_panics(url in ".*", entry in ".*") {
            let _ = judge(&url, OWN, &[entry]);
        }
    }
}

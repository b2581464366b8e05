//! prototype
#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout)]
use rolecall::{definition::*, model::files::Files, provider::Registry, repo::*};
use std::{collections::BTreeMap, sync::Arc, time::Instant};
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let place = find_config(dir.as_ref(), None, Reading::WorkTree).unwrap();
    let registry = Registry::builtin();
    for _ in 0..5 {
        let cache = ParseCache::default();
        let load1 = |files: &dyn Files, rev: Option<Arc<str>>, skip| {
            let t = Instant::now();
            let options = LoadOptions {
                lints: BTreeMap::new(),
                revision: rev,
                today: jiff::civil::date(2026, 11, 20),
                skip_lints: skip,
                cache: &cache,
            };
            let l = load(files, &place.config, &registry.specs(), &options);
            assert_eq!(l.desired.len(), 1);
            let e = t.elapsed();
            (l, e)
        };
        let w = WorkTree::open(&place).unwrap();
        let h = Revision::open(&place, "HEAD").unwrap();
        let p = Revision::open(&place, "HEAD~1").unwrap();
        let (a, t1) = load1(&w, None, false);
        let (b, t2) = load1(&p, Some("p".into()), true);
        let (c, t3) = load1(&h, Some("h".into()), true);
        if std::env::var_os("LOOP").is_some() {
            for _ in 0..60 {
                load1(&p, Some("p".into()), true);
            }
        }
        let (d, t4) = load1(&p, Some("p".into()), true);
        let cache2 = ParseCache::default();
        let options = LoadOptions {
            lints: BTreeMap::new(),
            revision: None,
            today: jiff::civil::date(2026, 11, 20),
            skip_lints: true,
            cache: &cache2,
        };
        let t = Instant::now();
        let x = load(&p, &place.config, &registry.specs(), &options);
        let t5 = t.elapsed();
        println!("work {t1:?} base {t2:?} head {t3:?} again {t4:?}; cold rev {t5:?}");
        drop((a, b, c, d, x));
    }
}

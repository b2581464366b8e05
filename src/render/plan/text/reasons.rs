//! Why there is no plan, or why it may not be applied, for where the plan itself is not in sight.

use super::remarks::help;
use crate::{
    model::Untrusted,
    plan::document::PlanDocument,
    render::{
        Style,
        plan::{
            page::{Page, Paint, Text},
            refusals::{all_refused, allowable, refusal_words},
        },
    },
};

/// Every failure and every refusal, each after the name of its target, with what to do. Empty where
/// there is none.
pub fn reasons(plan: &PlanDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let head = |word: &str, target: &Untrusted| {
        Text::new()
            .own(Paint::Refuse, format_args!("{word}: "))
            .name(Paint::Plain, target.raw())
            .own(Paint::Plain, ": ")
    };
    for target in &plan.targets {
        if let Some(error) = &target.error {
            page.put(0, 2, &head("error", &target.name).prose(Paint::Plain, error.message.raw()));
            help(&mut page, 2, error.help.as_ref());
        }
        for (refusal, change) in all_refused(target) {
            let mut text = head("refused", &target.name).own(Paint::Strong, refusal_words(refusal.guard));
            if let Some(name) = allowable(refusal.guard) {
                text = text.own(Paint::Dim, format_args!(" [{name}]"));
            }
            if let Some(change) = change {
                text = text.own(Paint::Plain, "  ").copied(Paint::Dim, change.address.as_str());
            }
            page.put(0, 2, &text);
            for message in refusal.messages {
                page.put(2, 4, &Text::new().prose(Paint::Plain, message.raw()));
            }
            for advice in refusal.helps {
                help(&mut page, 2, Some(advice));
            }
        }
    }
    page.into_string()
}

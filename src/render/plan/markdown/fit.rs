//! Fitting a page into a limit: the most important first, everything whole or in brief or not at
//! all, and never without saying what is missing.

use std::collections::BTreeSet;

use super::super::view::count;

/// What an item is about; the order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::render::plan) enum Subject {
    Refusal,
    Failure,
    Failed,
    NotAttempted,
    Scope,
    Allowed,
    Removal,
    Change,
    Manual,
    Note,
    Addition,
    Sum,
    Digest,
    Release,
    Left,
    Done,
    Unmanaged,
    Unchanged,
    QuietDigest,
}

impl Subject {
    /// All of them, the most important first.
    const ALL: [Self; 19] = [
        Self::Refusal,
        Self::Failure,
        Self::Failed,
        Self::NotAttempted,
        Self::Scope,
        Self::Allowed,
        Self::Removal,
        Self::Change,
        Self::Manual,
        Self::Note,
        Self::Addition,
        Self::Sum,
        Self::Digest,
        Self::Release,
        Self::Left,
        Self::Done,
        Self::Unmanaged,
        Self::Unchanged,
        Self::QuietDigest,
    ];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Refusal => ("refusal", "refusals"),
            Self::Failure => ("problem of a target", "problems of targets"),
            Self::Failed => ("failed change", "failed changes"),
            Self::NotAttempted => ("change that was not attempted", "changes that were not attempted"),
            Self::Scope => ("scope change", "scope changes"),
            Self::Allowed => ("allowed refusal", "allowed refusals"),
            Self::Removal => ("removal", "removals"),
            Self::Change => ("change", "changes"),
            Self::Manual => ("change to be done by hand", "changes to be done by hand"),
            Self::Note => ("note", "notes"),
            Self::Addition => ("addition", "additions"),
            Self::Sum => ("sum of a place", "sums of places"),
            Self::Digest => ("digest", "digests"),
            Self::Release => ("release", "releases"),
            Self::Left => ("difference that was left alone", "differences that were left alone"),
            Self::Done => ("change in place", "changes in place"),
            Self::Unmanaged => ("list of what is left alone", "lists of what is left alone"),
            Self::Unchanged => ("target without changes", "targets without changes"),
            Self::QuietDigest => ("digest of a target without changes", "digests of targets without changes"),
        }
    }
}

/// A piece that stands or goes as one: whole Markdown blocks, ending in a line feed.
#[derive(Clone, Debug)]
pub(in crate::render::plan) struct Item {
    subject: Subject,
    /// How many things it tells about.
    number: usize,
    full: String,
    brief: Option<String>,
}

impl Item {
    pub(in crate::render::plan) fn new(subject: Subject, number: usize, full: String) -> Self {
        Self { subject, number, full, brief: None }
    }

    /// The same, as something less important.
    pub(in crate::render::plan) fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// A shorter text for a page that is nearly full.
    pub(in crate::render::plan) fn brief(self, brief: String) -> Self {
        let brief = (brief.len() < self.full.len()).then_some(brief);
        Self { brief, ..self }
    }

    pub(in crate::render::plan) fn len(&self) -> usize {
        self.full.len()
    }

    pub(in crate::render::plan) fn number(&self) -> usize {
        self.number
    }

    /// The shortest form.
    fn least(&self) -> &str {
        self.brief.as_deref().unwrap_or(&self.full)
    }
}

/// Items between a head and a tail, which stand only if an item does.
#[derive(Clone, Debug, Default)]
pub(in crate::render::plan) struct Section {
    pub(in crate::render::plan) head: String,
    pub(in crate::render::plan) tail: String,
    pub(in crate::render::plan) items: Vec<Item>,
}

/// Sections under a heading, which stands only if an item does.
#[derive(Clone, Debug, Default)]
pub(in crate::render::plan) struct Block {
    pub(in crate::render::plan) heading: String,
    pub(in crate::render::plan) sections: Vec<Section>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Full,
    Brief,
    Missing,
}

/// An item and where it stands.
struct Slot<'a> {
    block: usize,
    section: usize,
    item: &'a Item,
    form: Form,
}

/// `head`, as much of `blocks` as fits, and `foot`: at most `limit` bytes, provided that head, foot,
/// and the line about what is missing fit.
pub(in crate::render::plan) fn page(head: &str, blocks: &[Block], foot: &str, limit: usize) -> String {
    let mut slots: Vec<Slot<'_>> = Vec::new();
    for (b, block) in blocks.iter().enumerate() {
        for (s, section) in block.sections.iter().enumerate() {
            slots.extend(section.items.iter().map(|item| Slot {
                block: b,
                section: s,
                item,
                form: Form::Full,
            }));
        }
    }
    let whole = assemble(head, blocks, &slots, "", foot);
    if whole.len() <= limit {
        return whole;
    }
    let room = limit.saturating_sub(head.len() + foot.len() + MISSING);
    choose(blocks, &mut slots, room);
    let missing = missing(&slots);
    assemble(head, blocks, &slots, &missing, foot)
}

/// Room that is kept for the line about what is missing.
const MISSING: usize = 1_600;

/// Gives every slot its form. The first subjects, of which there should be few, may take half of the
/// room for their details; then everything else comes in its shortest form, and what is left of the
/// room goes to details.
fn choose(blocks: &[Block], slots: &mut [Slot<'_>], room: usize) {
    for slot in slots.iter_mut() {
        slot.form = Form::Missing;
    }
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by_key(|index| slots.get(*index).map(|slot| slot.item.subject));
    let first = order
        .partition_point(|index| slots.get(*index).is_some_and(|slot| slot.item.subject <= Subject::Allowed));
    let (first, others) = order.split_at(first);
    let mut filling = Filling { blocks, room, used: 0, open: BTreeSet::new() };
    if filling.shortest(slots, first) {
        filling.details(slots, first, room / 2);
        filling.shortest(slots, others);
    }
    filling.details(slots, &order, room);
}

/// How far the page is filled.
struct Filling<'a> {
    blocks: &'a [Block],
    room: usize,
    used: usize,
    /// Blocks and sections whose headings are paid for.
    open: BTreeSet<(usize, Option<usize>)>,
}

impl Filling<'_> {
    /// Takes the shortest form of the slots in `order`. Once something does not fit, nothing that is
    /// less important comes in its place; then the answer is false.
    fn shortest(&mut self, slots: &mut [Slot<'_>], order: &[usize]) -> bool {
        let mut barred: Option<Subject> = None;
        for index in order {
            let Some(slot) = slots.get_mut(*index) else { continue };
            if barred.is_some_and(|subject| slot.item.subject > subject) {
                break;
            }
            let block = self.blocks.get(slot.block);
            let section = block.and_then(|block| block.sections.get(slot.section));
            let mut cost = slot.item.least().len();
            if !self.open.contains(&(slot.block, None)) {
                cost += block.map_or(0, |block| block.heading.len());
            }
            if !self.open.contains(&(slot.block, Some(slot.section))) {
                cost += section.map_or(0, |section| section.head.len() + section.tail.len());
            }
            if self.used + cost > self.room {
                barred = barred.or(Some(slot.item.subject));
                continue;
            }
            self.used += cost;
            self.open.extend([(slot.block, None), (slot.block, Some(slot.section))]);
            slot.form = if slot.item.brief.is_some() { Form::Brief } else { Form::Full };
        }
        barred.is_none()
    }

    /// Gives details to slots in `order` as long as no more than `room` is used.
    fn details(&mut self, slots: &mut [Slot<'_>], order: &[usize], room: usize) {
        for index in order {
            let Some(slot) = slots.get_mut(*index).filter(|slot| slot.form == Form::Brief) else { continue };
            let cost = slot.item.full.len() - slot.item.least().len();
            if self.used + cost <= room {
                self.used += cost;
                slot.form = Form::Full;
            }
        }
    }
}

/// What is missing, in one paragraph.
fn missing(slots: &[Slot<'_>]) -> String {
    let number = |form: Form| {
        let parts: Vec<_> = Subject::ALL
            .into_iter()
            .filter_map(|subject| {
                let matching = |slot: &&Slot<'_>| slot.form == form && slot.item.subject == subject;
                let number: usize = slots.iter().filter(matching).map(|slot| slot.item.number).sum();
                let (one, many) = subject.words();
                (number > 0).then(|| count(number, one, many))
            })
            .collect();
        parts.join(", ")
    };
    let (absent, brief) = (number(Form::Missing), number(Form::Brief));
    let mut line = "**Incomplete:** this page is full.".to_owned();
    if !absent.is_empty() {
        line.push_str(&format!(" Left out: {absent}."));
    }
    if !brief.is_empty() {
        line.push_str(&format!(" Without details: {brief}."));
    }
    line.push_str(" `rolecall` in a terminal shows everything.\n\n");
    line
}

fn assemble(head: &str, blocks: &[Block], slots: &[Slot<'_>], missing: &str, foot: &str) -> String {
    let mut out = head.to_owned();
    // A list that ends in one line feed and what follows need a line between them.
    out.push('\n');
    out.push_str(missing);
    let mut shown = slots.iter().filter(|slot| slot.form != Form::Missing).peekable();
    let mut block = None;
    while let Some(slot) = shown.next() {
        let content = blocks.get(slot.block);
        let section = content.and_then(|block| block.sections.get(slot.section));
        if block != Some((slot.block, slot.section)) {
            if block.is_none_or(|(block, _)| block != slot.block) {
                out.push_str(content.map_or("", |block| &block.heading));
            }
            out.push_str(section.map_or("", |section| &section.head));
            block = Some((slot.block, slot.section));
        }
        out.push_str(if slot.form == Form::Full { &slot.item.full } else { slot.item.least() });
        let ends = shown.peek().is_none_or(|next| (next.block, next.section) != (slot.block, slot.section));
        if ends {
            out.push_str(section.map_or("", |section| &section.tail));
        }
    }
    out.push_str(foot);
    out
}

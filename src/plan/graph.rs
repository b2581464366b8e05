//! Small directed graphs: components, layers, and taking in as many optional edges as fit.

use std::collections::BTreeSet;

/// An edge: the first node comes before the second.
pub(super) type Edge = (usize, usize);

/// The strongly connected component of each node (Tarjan, without recursion). Components are
/// numbered so that two nodes share a number exactly if each reaches the other.
pub(super) fn components(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let out = outgoing(nodes, edges);
    let (mut index, mut low) = (vec![NEW; nodes], vec![0; nodes]);
    let (mut on_stack, mut component) = (vec![false; nodes], vec![NEW; nodes]);
    let (mut stack, mut next, mut count) = (Vec::new(), 0, 0);
    for root in 0..nodes {
        if index[root] != NEW {
            continue;
        }
        let mut walk = vec![(root, 0)];
        while let Some((node, at)) = walk.pop() {
            if at == 0 {
                (index[node], low[node]) = (next, next);
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            match out[node].get(at) {
                Some(&to) => {
                    walk.push((node, at + 1));
                    if index[to] == NEW {
                        walk.push((to, 0));
                    } else if on_stack[to] {
                        low[node] = low[node].min(index[to]);
                    }
                }
                None => {
                    if low[node] == index[node] {
                        while let Some(member) = stack.pop() {
                            on_stack[member] = false;
                            component[member] = count;
                            if member == node {
                                break;
                            }
                        }
                        count += 1;
                    }
                    if let Some(&(above, _)) = walk.last() {
                        low[above] = low[above].min(low[node]);
                    }
                }
            }
        }
    }
    component
}

/// Which of `optional` can be added to the acyclic `hard` without a cycle, tried in order.
pub(super) fn take_in(nodes: usize, hard: &[Edge], optional: &[Edge]) -> Vec<bool> {
    let all: Vec<Edge> = hard.iter().chain(optional).copied().collect();
    let component = components(nodes, &all);
    // An edge between components is part of no cycle.
    let inside = |&&(from, to): &&Edge| component[from] == component[to];
    let hard: Vec<Edge> = hard.iter().filter(inside).copied().collect();
    let doubtful: Vec<Edge> = optional.iter().filter(inside).copied().collect();
    let mut sorted = Sorted::new(nodes, &hard, &doubtful);
    optional.iter().map(|edge| !inside(&edge) || sorted.add(*edge)).collect()
}

/// An acyclic graph that stays sorted while edges are added (Pearce and Kelly, "A dynamic
/// topological sort algorithm for directed acyclic graphs", 2006): only what lies between the two
/// ends of a new edge is looked at.
struct Sorted {
    out: Vec<Vec<usize>>,
    back: Vec<Vec<usize>>,
    /// The place of each node; every edge leads to a higher one.
    place: Vec<usize>,
    /// Which search has been at a node last.
    seen: Vec<usize>,
    searches: usize,
}

impl Sorted {
    /// Sorts the nodes so that every edge of `hard` leads on, and as many of `likely` as come easily.
    fn new(nodes: usize, hard: &[Edge], likely: &[Edge]) -> Self {
        let out = outgoing(nodes, hard);
        let likely_out = outgoing(nodes, likely);
        let (mut waits, mut wishes) = (vec![0usize; nodes], vec![0usize; nodes]);
        hard.iter().for_each(|&(_, to)| waits[to] += 1);
        likely.iter().for_each(|&(_, to)| wishes[to] += 1);
        let mut ready: BTreeSet<(usize, usize)> =
            (0..nodes).filter(|node| waits[*node] == 0).map(|node| (wishes[node], node)).collect();
        let mut place = vec![0; nodes];
        let mut next = 0;
        while let Some((_, node)) = ready.pop_first() {
            place[node] = next;
            next += 1;
            for &to in &likely_out[node] {
                let was_ready = ready.remove(&(wishes[to], to));
                wishes[to] -= 1;
                if was_ready {
                    ready.insert((wishes[to], to));
                }
            }
            for &to in &out[node] {
                waits[to] -= 1;
                if waits[to] == 0 {
                    ready.insert((wishes[to], to));
                }
            }
        }
        let back = outgoing(nodes, &hard.iter().map(|&(from, to)| (to, from)).collect::<Vec<_>>());
        Self { out, back, place, seen: vec![0; nodes], searches: 0 }
    }

    /// Adds an edge unless it would close a cycle.
    fn add(&mut self, (from, to): Edge) -> bool {
        let (low, high) = (self.place[to], self.place[from]);
        if low <= high {
            self.searches += 2;
            let (ahead, behind) = (self.searches, self.searches + 1);
            let after = search(&self.out, to, &mut self.seen, ahead, |node| self.place[node] <= high);
            if self.seen[from] == ahead {
                return false;
            }
            let before = search(&self.back, from, &mut self.seen, behind, |node| self.place[node] >= low);
            self.move_before(before, after);
        }
        self.out[from].push(to);
        self.back[to].push(from);
        true
    }

    /// Puts `first` before `then`, each in its own order, in the places that they have together.
    fn move_before(&mut self, mut first: Vec<usize>, mut then: Vec<usize>) {
        first.sort_by_key(|node| self.place[*node]);
        then.sort_by_key(|node| self.place[*node]);
        first.append(&mut then);
        let mut places: Vec<usize> = first.iter().map(|node| self.place[*node]).collect();
        places.sort_unstable();
        for (node, place) in first.into_iter().zip(places) {
            self.place[node] = place;
        }
    }
}

/// The nodes that can be reached over those that `within` lets through; `seen` is set to `mark`.
fn search(
    edges: &[Vec<usize>],
    start: usize,
    seen: &mut [usize],
    mark: usize,
    within: impl Fn(usize) -> bool,
) -> Vec<usize> {
    seen[start] = mark;
    let mut found = vec![start];
    let mut at = 0;
    while let Some(&node) = found.get(at) {
        at += 1;
        for &next in &edges[node] {
            if seen[next] != mark && within(next) {
                seen[next] = mark;
                found.push(next);
            }
        }
    }
    found
}

/// The layer of each node of an acyclic graph: one more than the highest before it.
pub(super) fn layers(nodes: usize, edges: &[Edge]) -> Vec<u32> {
    let out = outgoing(nodes, edges);
    let mut waiting = vec![0usize; nodes];
    for &(_, to) in edges {
        waiting[to] += 1;
    }
    let mut layer = vec![0; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &out[node] {
            layer[to] = layer[to].max(layer[node] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    layer
}

/// Merges each group into its first member, as long as that makes no cycle: a group that lies on
/// one is left apart. Returns what every node became.
pub(super) fn contract(nodes: usize, edges: &[Edge], groups: &[Vec<usize>]) -> Vec<usize> {
    let mut into: Vec<usize> = (0..nodes).collect();
    for group in groups {
        for &node in group {
            into[node] = group[0];
        }
    }
    let merged: Vec<Edge> = edges.iter().map(|&(a, b)| (into[a], into[b])).filter(|(a, b)| a != b).collect();
    let component = components(nodes, &merged);
    let mut size = vec![0; nodes];
    let heads: BTreeSet<usize> = into.iter().copied().collect();
    for &head in &heads {
        size[component[head]] += 1;
    }
    for group in groups {
        if size[component[group[0]]] > 1 {
            for &node in group {
                into[node] = node;
            }
        }
    }
    into
}

fn outgoing(nodes: usize, edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        out[from].push(to);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn components_of_a_ring_and_a_tail() {
        let component = components(4, &[(0, 1), (1, 2), (2, 0), (2, 3)]);
        assert_eq!(component[0], component[1]);
        assert_eq!(component[1], component[2]);
        assert_ne!(component[2], component[3]);
    }

    #[test]
    fn a_group_on_a_cycle_stays_apart() {
        // 0 -> 1 -> 2; merging 0 and 2 would make a cycle, merging 1 and 2 does not.
        assert_eq!(contract(3, &[(0, 1), (1, 2)], &[vec![0, 2]]), [0, 1, 2]);
        assert_eq!(contract(3, &[(0, 1), (1, 2)], &[vec![1, 2]]), [0, 1, 1]);
    }

    fn edges() -> impl Strategy<Value = Vec<Edge>> {
        prop::collection::vec((0..12usize, 0..12usize), 0..40)
    }

    fn is_acyclic(edges: &[Edge]) -> bool {
        let component = components(12, edges);
        edges.iter().all(|(a, b)| component[*a] != component[*b])
    }

    proptest! {
        #[test]
        fn what_is_taken_in_makes_no_cycle_and_nothing_more_fits(optional in edges()) {
            let taken = take_in(12, &[], &optional);
            let kept: Vec<Edge> = optional.iter().zip(&taken).filter(|(_, kept)| **kept).map(|(e, _)| *e).collect();
            prop_assert!(is_acyclic(&kept));
            for (edge, _) in optional.iter().zip(&taken).filter(|(_, kept)| !**kept) {
                let with: Vec<Edge> = kept.iter().copied().chain([*edge]).collect();
                prop_assert!(!is_acyclic(&with));
            }
        }

        #[test]
        fn what_must_hold_keeps_out_what_contradicts_it(hard in edges(), optional in edges()) {
            let hard: Vec<Edge> = hard.into_iter().filter(|(a, b)| a > b).collect();
            let taken = take_in(12, &hard, &optional);
            let mut kept = hard;
            for (edge, taken) in optional.into_iter().zip(taken) {
                let with: Vec<Edge> = kept.iter().copied().chain([edge]).collect();
                prop_assert_eq!(taken, is_acyclic(&with));
                if taken {
                    kept = with;
                }
            }
        }

        #[test]
        fn layers_respect_every_edge(pairs in edges()) {
            let forward: Vec<Edge> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            let layer = layers(12, &forward);
            prop_assert!(forward.iter().all(|(a, b)| layer[*a] < layer[*b]));
        }

        #[test]
        fn contracting_never_makes_a_cycle(pairs in edges(), at in 0..6usize) {
            let forward: Vec<Edge> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            let groups = vec![vec![at, at + 3], vec![at + 1, at + 4, at + 5]];
            let into = contract(12, &forward, &groups);
            let merged: Vec<Edge> =
                forward.iter().map(|(a, b)| (into[*a], into[*b])).filter(|(a, b)| a != b).collect();
            prop_assert!(is_acyclic(&merged));
        }
    }
}

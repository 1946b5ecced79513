//! Leaves out the needs that others imply: the transitive reduction of a graph.

use std::collections::BTreeSet;

use petgraph::algo::{DfsSpace, has_path_connecting, is_cyclic_directed};
use petgraph::graphmap::DiGraphMap;

/// The fewest pairs from which the same follows: who needed something before, directly or through others, still does.
///
/// A graph with a circle has no such set, and is returned as it is. Declarations never form a circle.
pub(super) fn reduced(needs: &BTreeSet<(String, String)>) -> BTreeSet<(&str, &str)> {
    let pairs = || needs.iter().map(|(needing, needed)| (needing.as_str(), needed.as_str()));
    let graph = DiGraphMap::<&str, ()>::from_edges(pairs());
    if is_cyclic_directed(&graph) {
        return pairs().collect();
    }
    let mut space = DfsSpace::new(&graph);
    let mut implied = |needing, needed| {
        let mut others = graph.neighbors(needing).filter(|other| *other != needed);
        others.any(|other| has_path_connecting(&graph, other, needed, Some(&mut space)))
    };
    pairs().filter(|(needing, needed)| !implied(needing, needed)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Pairs = BTreeSet<(String, String)>;

    /// All pairs of which the first reaches the second. Written without the library that the reduction uses.
    fn closure(pairs: &Pairs) -> Pairs {
        let mut all = pairs.clone();
        loop {
            let mut from: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
            for (a, b) in &all {
                from.entry(a).or_default().push(b);
            }
            let longer: Pairs = all
                .iter()
                .flat_map(|(a, b)| from.get(b).into_iter().flatten().map(|c| (a.clone(), (*c).clone())))
                .collect();
            let before = all.len();
            all.extend(longer);
            if all.len() == before {
                return all;
            }
        }
    }

    fn owned(pairs: &BTreeSet<(&str, &str)>) -> Pairs {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Pairs {
        of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_need_that_others_imply_is_left_out() {
        let all = pairs(&[("rule", "function"), ("function", "role"), ("rule", "role"), ("rule", "queue")]);
        let expected = pairs(&[("rule", "function"), ("function", "role"), ("rule", "queue")]);
        assert_eq!(owned(&reduced(&all)), expected);
    }

    #[test]
    fn a_circle_is_left_as_it_is() {
        let circle = pairs(&[("a", "b"), ("b", "a"), ("b", "c"), ("a", "c")]);
        assert_eq!(owned(&reduced(&circle)), circle);
    }

    proptest! {
        #[test]
        fn the_reduction_reaches_the_same_and_nothing_in_it_can_be_spared(
            drawn in proptest::collection::btree_set((0usize..12, 0usize..12), 0..50),
        ) {
            let drawn = drawn.into_iter().filter(|(from, to)| from > to);
            let all: Pairs = drawn.map(|(from, to)| (format!("r{from}"), format!("r{to}"))).collect();
            let least = owned(&reduced(&all));
            prop_assert!(least.is_subset(&all));
            prop_assert_eq!(closure(&least), closure(&all));
            for pair in &least {
                let mut without = least.clone();
                without.remove(pair);
                prop_assert_ne!(closure(&without), closure(&all), "{:?} can be spared", pair);
            }
        }
    }
}

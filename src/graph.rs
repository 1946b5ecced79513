//! The order of work: an edge from every resource to the resources it refers to. Pure.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graphmap::DiGraphMap;

use crate::model::{Address, Declaration, refs};

/// Why declarations cannot be ordered.
#[derive(Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// Two declarations have the same address.
    #[error("{0} is declared twice")]
    #[diagnostic(help("give one of them another address in src/stack"))]
    Duplicate(Address),
    /// A reference to an undeclared resource.
    #[error("{from} refers to {to}, which the stack does not declare")]
    #[diagnostic(help("declare {to}, or drop the reference"))]
    Unknown {
        /// The referring resource.
        from: Address,
        /// The missing resource.
        to: Address,
    },
    /// Resources that wait for each other.
    #[error("these resources refer to each other in a circle: {}", list(.0))]
    #[diagnostic(help("break the circle with a name that is known beforehand"))]
    Cycle(Vec<Address>),
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(", ")
}

/// The declarations of a stack with the dependencies of each.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    declarations: BTreeMap<Address, Declaration>,
    needs: BTreeMap<Address, BTreeSet<Address>>,
    dependents: BTreeMap<Address, BTreeSet<Address>>,
    order: Vec<Address>,
}

impl Graph {
    /// The graph of these declarations.
    ///
    /// # Errors
    /// When an address is declared twice, refers to an undeclared resource, or depends on itself.
    pub fn new(declared: impl IntoIterator<Item = Declaration>) -> Result<Self, Error> {
        let mut declarations = BTreeMap::new();
        for declaration in declared {
            if let Some(twice) = declarations.insert(declaration.address.clone(), declaration) {
                return Err(Error::Duplicate(twice.address));
            }
        }
        let mut needs = BTreeMap::new();
        for declaration in declarations.values() {
            let found = needs_of(declaration);
            if let Some(to) = found.iter().find(|to| !declarations.contains_key(*to)) {
                return Err(Error::Unknown { from: declaration.address.clone(), to: to.clone() });
            }
            needs.insert(declaration.address.clone(), found);
        }
        let mut dependents: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
        for (address, need) in
            needs.iter().flat_map(|(address, needs)| needs.iter().map(move |need| (address, need)))
        {
            dependents.entry(need.clone()).or_default().insert(address.clone());
        }
        let order = sort(&needs)?;
        Ok(Self { declarations, needs, dependents, order })
    }

    /// The declarations, dependencies first.
    pub fn in_order(&self) -> impl DoubleEndedIterator<Item = &Declaration> {
        self.order.iter().map(|address| &self.declarations[address])
    }

    /// The declaration at an address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Declaration> {
        self.declarations.get(address)
    }

    /// The direct dependencies of a resource.
    pub fn needs(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.needs.get(address).into_iter().flatten()
    }

    /// The direct dependents of a resource.
    pub fn dependents(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.dependents.get(address).into_iter().flatten()
    }

    /// How many resources are declared.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// The dependencies of a declaration: every address in its properties, and those in `after`.
#[must_use]
pub fn needs_of(declaration: &Declaration) -> BTreeSet<Address> {
    let mut needs = declaration.after.clone();
    needs.extend(refs(&declaration.properties).into_iter().map(|reference| reference.address));
    needs
}

fn sort(needs: &BTreeMap<Address, BTreeSet<Address>>) -> Result<Vec<Address>, Error> {
    let mut graph = DiGraphMap::<&Address, ()>::new();
    for (address, needed) in needs {
        graph.add_node(address);
        for need in needed {
            graph.add_edge(need, address, ());
        }
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().cloned().collect()),
        Err(_) => {
            let circle = tarjan_scc(&graph).into_iter().max_by_key(Vec::len).unwrap_or_default();
            let mut members: Vec<Address> = circle.into_iter().cloned().collect();
            members.sort();
            Err(Error::Cycle(members))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::{Guard, Kind, Outputs};

    fn declared(address: &str, refers_to: &[&str]) -> Declaration {
        let references: Vec<_> = refers_to.iter().map(|to| json!({ "Fn::GetAtt": [to, "Arn"] })).collect();
        Declaration {
            address: address.into(),
            kind: Kind::new("AWS::Test::Thing"),
            region: "ap-northeast-2".into(),
            properties: json!({ "Refs": references }),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        }
    }

    #[test]
    fn what_others_rest_on_comes_first() {
        let graph =
            Graph::new([declared("a", &["b", "c"]), declared("b", &["c"]), declared("c", &[])]).unwrap();
        let order: Vec<_> = graph.in_order().map(|d| d.address.as_str()).collect();
        assert_eq!(order, ["c", "b", "a"]);
        assert_eq!(graph.dependents(&"c".into()).count(), 2);
    }

    #[test]
    fn broken_references_are_named() {
        assert_eq!(
            Graph::new([declared("a", &["nowhere"])]).unwrap_err(),
            Error::Unknown { from: "a".into(), to: "nowhere".into() }
        );
        assert_eq!(
            Graph::new([declared("a", &[]), declared("a", &[])]).unwrap_err(),
            Error::Duplicate("a".into())
        );
        let circle = Graph::new([declared("a", &["b"]), declared("b", &["a"]), declared("c", &["a"])]);
        assert_eq!(circle.unwrap_err(), Error::Cycle(vec!["a".into(), "b".into()]));
    }

    proptest! {
        #[test]
        fn every_order_puts_needs_before_dependents(edges in proptest::collection::vec((0usize..12, 0usize..12), 0..40)) {
            let names: Vec<String> = (0..12).map(|n| format!("r{n}")).collect();
            let declarations = (0..12).map(|n| {
                let to: Vec<&str> = edges.iter().filter(|(from, to)| *from == n && to < from)
                    .map(|(_, to)| names[*to].as_str()).collect();
                declared(&names[n], &to)
            });
            let graph = Graph::new(declarations).unwrap();
            let place: BTreeMap<_, _> = graph.in_order().enumerate().map(|(at, d)| (d.address.clone(), at)).collect();
            prop_assert_eq!(place.len(), 12);
            for address in place.keys() {
                for need in graph.needs(address) {
                    prop_assert!(place[need] < place[address]);
                }
            }
        }
    }
}

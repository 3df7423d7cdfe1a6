//! What the checks need to know about a Rust file.

use std::collections::BTreeSet;

use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, TraitItem, Type, Visibility};

/// A test that fails until the reader of a lesson makes it pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exercise {
    pub(crate) name: String,
    pub(crate) line: usize,
}

/// The names that a library offers: `Channel`, `Channel::new`.
#[derive(Default)]
pub(crate) struct Items(BTreeSet<String>);

/// How many lines a file has before its tests begin.
pub(crate) fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<_> = text.lines().collect();
    let is_start = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    let before = lines.windows(2).position(is_start).unwrap_or(lines.len());
    let blank = lines[..before]
        .iter()
        .rev()
        .take_while(|line| line.is_empty());
    before - blank.count()
}

/// The ignored tests whose names begin with `exercise_`.
pub(crate) fn exercises(text: &str) -> syn::Result<Vec<Exercise>> {
    let mut found = Vec::new();
    // Most files have none, and need not be parsed to find that out.
    if text.contains("fn exercise_") {
        collect_exercises(&syn::parse_file(text)?.items, &mut found);
    }
    Ok(found)
}

fn collect_exercises(items: &[Item], found: &mut Vec<Exercise>) {
    for item in items {
        match item {
            Item::Fn(function) if has(&function.attrs, "ignore") => {
                let name = function.sig.ident.to_string();
                if name.starts_with("exercise_") {
                    let line = function.sig.ident.span().start().line;
                    found.push(Exercise { name, line });
                }
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect_exercises(items, found);
                }
            }
            _ => {}
        }
    }
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

impl Items {
    /// Adds what one file of a library offers. Whether each module is itself
    /// public is not looked at: a name that a program cannot reach is seen by
    /// the compiler's own `unreachable_pub`.
    pub(crate) fn add_file(&mut self, text: &str) -> syn::Result<()> {
        for item in &syn::parse_file(text)?.items {
            self.add(item);
        }
        Ok(())
    }

    /// Whether there is an item of this name. One segment may also be a member
    /// of some type, as in `on_connect`.
    pub(crate) fn has(&self, path: &str) -> bool {
        let member = format!("::{path}");
        self.0.contains(path)
            || !path.contains("::") && self.0.iter().any(|item| item.ends_with(&member))
    }

    fn insert(&mut self, is_public: bool, name: impl ToString) {
        if is_public {
            self.0.insert(name.to_string());
        }
    }

    fn add(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => {
                self.insert(is_public(&item.vis), &item.ident);
                if let Fields::Named(fields) = &item.fields {
                    for field in &fields.named {
                        if let Some(name) = &field.ident {
                            self.insert(is_public(&field.vis), format!("{}::{name}", item.ident));
                        }
                    }
                }
            }
            Item::Enum(item) => {
                let public = is_public(&item.vis);
                self.insert(public, &item.ident);
                for variant in &item.variants {
                    self.insert(public, format!("{}::{}", item.ident, variant.ident));
                }
            }
            Item::Trait(item) => {
                let public = is_public(&item.vis);
                self.insert(public, &item.ident);
                for member in &item.items {
                    if let TraitItem::Fn(function) = member {
                        self.insert(public, format!("{}::{}", item.ident, function.sig.ident));
                    }
                }
            }
            Item::Impl(item) => self.add_impl(item),
            Item::Fn(item) => self.insert(is_public(&item.vis), &item.sig.ident),
            Item::Type(item) => self.insert(is_public(&item.vis), &item.ident),
            Item::Const(item) => self.insert(is_public(&item.vis), &item.ident),
            Item::Static(item) => self.insert(is_public(&item.vis), &item.ident),
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    self.insert(has(&item.attrs, "macro_export"), name);
                }
            }
            Item::Mod(item) => {
                self.insert(is_public(&item.vis), &item.ident);
                if let Some((_, items)) = &item.content {
                    for item in items {
                        self.add(item);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a trait asks for is as public as the trait.
    fn add_impl(&mut self, item: &ItemImpl) {
        let Some(name) = type_name(&item.self_ty) else {
            return;
        };
        if let Some((path, _)) = &item.trait_
            && let Some(last) = path.segments.last()
        {
            self.insert(true, &last.ident);
        }
        for member in &item.items {
            let (vis, ident) = match member {
                ImplItem::Fn(item) => (&item.vis, &item.sig.ident),
                ImplItem::Const(item) => (&item.vis, &item.ident),
                _ => continue,
            };
            let public = item.trait_.is_some() || is_public(vis);
            self.insert(public, format!("{name}::{ident}"));
        }
    }
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

/// `Socket` for `Socket`, `&Socket` and `Socket<T>` alike.
fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
pub struct Channel { pub fd: i32, hidden: i32 }
impl Channel {
    pub fn new() -> Self { todo!() }
    fn private(&self) {}
    pub const MAX: usize = 1;
}
impl Read for &Channel {
    fn read(&mut self) {}
}
pub enum State { Open, Closed }
pub trait Tie { fn tie(&self); }
pub fn out_of_resources() {}
fn helper() {}
#[macro_export]
macro_rules! info { () => {} }

#[cfg(test)]
mod tests {
    #[test]
    #[ignore = \"an exercise\"]
    fn exercise_one() {}
    #[test]
    fn exercise_without_a_mark() {}
    #[test]
    #[ignore]
    fn slow() {}
}
";

    #[test]
    fn public_names_are_found_and_private_ones_are_not() {
        let mut items = Items::default();
        items.add_file(SOURCE).unwrap();
        for name in [
            "Channel",
            "Channel::new",
            "new",
            "Channel::fd",
            "Channel::MAX",
            "Channel::read",
            "State::Closed",
            "Tie::tie",
            "out_of_resources",
            "info",
            "Read",
        ] {
            assert!(items.has(name), "{name}");
        }
        for name in [
            "Channel::private",
            "Channel::hidden",
            "helper",
            "State::new",
            "Chan",
            "ew",
        ] {
            assert!(!items.has(name), "{name}");
        }
    }

    #[test]
    fn an_exercise_is_ignored_and_has_its_line() {
        let found = exercises(SOURCE).unwrap();
        assert_eq!(
            found,
            [Exercise {
                name: "exercise_one".to_owned(),
                line: 21
            }]
        );
    }

    #[test]
    fn tests_and_the_blank_line_above_them_do_not_count() {
        assert_eq!(lines_before_tests(SOURCE), 15);
        assert_eq!(lines_before_tests("a\nb\n"), 2);
        assert_eq!(lines_before_tests("#[cfg(test)]\nuse x;\n"), 2);
        assert_eq!(lines_before_tests(""), 0);
    }
}

//! Expressions, read and found harmless.
//!
//! CEL has no loops but its macros (`map`, `filter`, `all`, `exists`), so an expression ends after as many steps as it has nodes,
//! times the elements that a macro goes over. Macros within macros would multiply that, and are refused.

use std::thread;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, operators};
use cel::parser::Parser;
use cel::{Context, Value};

use super::{functions, trouble};

/// Most characters.
const MOST_CHARACTERS: usize = 2048;
/// Most nodes, those that macros expand to included.
const MOST_NODES: usize = 256;
/// Most nodes from the root to a leaf: evaluation is recursive.
const MOST_DEPTH: usize = 48;
/// Most brackets within brackets, for the parser.
const MOST_NESTING: u16 = 24;
/// The parser's stack: chains of operators are as deep to it as they are long.
const PARSER_STACK: usize = 64 * 1024 * 1024;

/// An expression that is ready to be evaluated.
#[derive(Debug)]
pub(super) struct Program {
    root: IdedExpr,
    /// Whether it has a macro that goes over elements.
    pub(super) repeats: bool,
}

impl Program {
    /// Reads an expression over these variables.
    pub(super) fn read(text: &str, variables: &[&str]) -> Result<Self, String> {
        if text.chars().nth(MOST_CHARACTERS).is_some() {
            return Err("has more than 2,048 characters: make it shorter".to_owned());
        }
        let (text, variables) = (text.to_owned(), variables.iter().map(|&name| name.to_owned()).collect());
        let reader = thread::Builder::new().name("expression".to_owned()).stack_size(PARSER_STACK);
        let reading = reader.spawn(move || read(&text, variables));
        let reading = reading.map_err(|error| format!("cannot be read now: {error}"))?;
        reading.join().unwrap_or_else(|_| Err("cannot be read".to_owned()))
    }

    /// What it gives.
    pub(super) fn evaluate(&self, variables: &Context<'_>) -> Result<Value, String> {
        variables.resolve(&self.root).map_err(|error| trouble::of_evaluation(&error))
    }
}

fn read(text: &str, variables: Vec<String>) -> Result<Program, String> {
    let parsed = Parser::new().max_recursion_depth(MOST_NESTING).parse(text);
    let mut root = parsed.map_err(|errors| trouble::of_reading(&errors))?;
    let mut review = Review { variables, nodes: 0, depth: 0, repeating: false, repeats: false };
    review.look_at(&mut root)?;
    Ok(Program { root, repeats: review.repeats })
}

/// Goes over all nodes, refuses what must not run, and replaces what would not be safe or not be repeatable.
struct Review {
    /// Names that may be used, those of macros at the end.
    variables: Vec<String>,
    nodes: usize,
    depth: usize,
    repeating: bool,
    repeats: bool,
}

impl Review {
    fn look_at(&mut self, node: &mut IdedExpr) -> Result<(), String> {
        (self.nodes, self.depth) = (self.nodes + 1, self.depth + 1);
        if self.nodes > MOST_NODES {
            return Err("has more than 256 parts: make it simpler".to_owned());
        }
        if self.depth > MOST_DEPTH {
            return Err("is nested too deeply: make it simpler".to_owned());
        }
        match &mut node.expr {
            Expr::Literal(_) => {}
            Expr::Ident(name) => self.variable(name)?,
            Expr::Select(select) => self.look_at(&mut select.operand)?,
            Expr::List(list) => list.elements.iter_mut().try_for_each(|element| self.look_at(element))?,
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    let EntryExpr::MapEntry(entry) = &mut entry.expr else { return Err(message_literal()) };
                    self.look_at(&mut entry.key)?;
                    self.look_at(&mut entry.value)?;
                }
            }
            Expr::Call(call) => self.call(call)?,
            Expr::Comprehension(repeated) => self.repetition(repeated)?,
            Expr::Struct(_) => return Err(message_literal()),
            Expr::Unspecified => return Err("is empty or incomplete".to_owned()),
        }
        self.depth -= 1;
        Ok(())
    }

    fn variable(&self, name: &str) -> Result<(), String> {
        if self.variables.iter().any(|known| known == name) {
            return Ok(());
        }
        let known = self.variables.iter().filter(|name| !name.starts_with('@'));
        let known = known.map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(format!("uses {name}, which is not there; there are {known}"))
    }

    fn call(&mut self, call: &mut CallExpr) -> Result<(), String> {
        let qualifier = match call.target.as_deref() {
            Some(IdedExpr { expr: Expr::Ident(prefix), .. }) => Some(format!("{prefix}.{}", call.func_name)),
            _ => None,
        };
        if !qualifier.is_some_and(|name| functions::is_known(&name)) {
            if !is_operator(&call.func_name) && !functions::is_known(&call.func_name) {
                return Err(format!("uses the function {}, which is not there", call.func_name));
            }
            call.target.as_deref_mut().map_or(Ok(()), |target| self.look_at(target))?;
        }
        call.args.iter_mut().try_for_each(|argument| self.look_at(argument))?;
        if call.func_name == operators::NEGATE {
            functions::NEGATED.clone_into(&mut call.func_name);
        }
        Ok(())
    }

    fn repetition(&mut self, repeated: &mut ComprehensionExpr) -> Result<(), String> {
        if self.repeating {
            return Err("has a macro (map, filter, all, exists) within another: use one".to_owned());
        }
        (self.repeating, self.repeats) = (true, true);
        self.look_at(&mut repeated.iter_range)?;
        self.look_at(&mut repeated.accu_init)?;
        let known = self.variables.len();
        self.variables.extend([repeated.iter_var.clone(), repeated.accu_var.clone()]);
        self.look_at(&mut repeated.loop_cond)?;
        self.look_at(&mut repeated.loop_step)?;
        self.look_at(&mut repeated.result)?;
        self.variables.truncate(known);
        self.repeating = false;
        let range = std::mem::take(&mut repeated.iter_range);
        let ordered = CallExpr { func_name: functions::ORDERED.to_owned(), target: None, args: vec![range] };
        repeated.iter_range = IdedExpr { id: 0, expr: Expr::Call(ordered) };
        Ok(())
    }
}

fn message_literal() -> String {
    "makes a message, which is not possible: use maps and lists".to_owned()
}

fn is_operator(name: &str) -> bool {
    use operators as op;
    [
        op::CONDITIONAL,
        op::LOGICAL_AND,
        op::LOGICAL_OR,
        op::LOGICAL_NOT,
        op::SUBSTRACT,
        op::ADD,
        op::MULTIPLY,
        op::DIVIDE,
        op::MODULO,
        op::EQUALS,
        op::NOT_EQUALS,
        op::GREATER_EQUALS,
        op::LESS_EQUALS,
        op::GREATER,
        op::LESS,
        op::NEGATE,
        op::INDEX,
        op::NOT_STRICTLY_FALSE,
        op::IN,
    ]
    .contains(&name)
}

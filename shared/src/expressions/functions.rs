//! The functions of expressions. What the library's own would do wrong is done here: a number that does not fit is an error, and
//! the keys of a map have an order.

use std::sync::{Arc, LazyLock};

use cel::extractors::{Arguments, This};
use cel::objects::Key;
use cel::{Context, ExecutionError, FunctionContext, Value, functions};

/// The sign of a number: the operator's function does not look whether the result fits.
pub(super) const NEGATED: &str = "@negated";
/// What a macro goes over: the elements of a list, or the keys of a map in their order.
pub(super) const ORDERED: &str = "@ordered";

/// Those that a user may call.
const KNOWN: [&str; 12] = [
    "size",
    "min",
    "max",
    "int",
    "uint",
    "double",
    "string",
    "startsWith",
    "endsWith",
    "contains",
    "math.ceil",
    "math.floor",
];

/// All functions and no variables.
static FUNCTIONS: LazyLock<Context<'static>> = LazyLock::new(|| {
    let mut context = Context::empty();
    context.add_function("size", functions::size);
    context.add_function("min", |arguments: Arguments| {
        some(&arguments).and_then(|()| functions::min(arguments))
    });
    context.add_function("max", |arguments: Arguments| {
        some(&arguments).and_then(|()| functions::max(arguments))
    });
    context.add_function("int", int);
    context.add_function("uint", uint);
    context.add_function("double", double);
    context.add_function("string", string);
    context.add_function("startsWith", functions::starts_with);
    context.add_function("endsWith", functions::ends_with);
    context.add_function("contains", contains);
    context.add_function("math.ceil", f64::ceil);
    context.add_function("math.floor", f64::floor);
    context.add_function(NEGATED, negated);
    context.add_function(ORDERED, ordered);
    context
});

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// A place for variables, beside all functions.
pub(super) fn scope() -> Context<'static> {
    FUNCTIONS.new_inner_scope()
}

fn some(Arguments(arguments): &Arguments) -> Result<(), ExecutionError> {
    let empty = match arguments.as_slice() {
        [Value::List(list)] => list.is_empty(),
        arguments => arguments.is_empty(),
    };
    if empty { Err(ExecutionError::function_error("min or max", "of nothing")) } else { Ok(()) }
}

fn int(context: &FunctionContext<'_, '_>, value: Value) -> Result<Value, ExecutionError> {
    match value {
        // The bounds are exact: -2^63 and 2^63.
        Value::Float(float) if float >= i64::MIN as f64 && float < -(i64::MIN as f64) => {
            Ok(Value::Int(float as i64))
        }
        Value::Float(_) => Err(context.error("a number that no int can hold")),
        value => functions::int(context, This(value)),
    }
}

fn uint(context: &FunctionContext<'_, '_>, value: Value) -> Result<Value, ExecutionError> {
    match value {
        Value::Float(float) if float >= 0.0 && float < 2.0 * -(i64::MIN as f64) => {
            Ok(Value::UInt(float as u64))
        }
        Value::Float(_) => Err(context.error("a number that no uint can hold")),
        value => functions::uint(context, This(value)),
    }
}

fn double(context: &FunctionContext<'_, '_>, value: Value) -> Result<Value, ExecutionError> {
    functions::double(context, This(value))
}

fn string(context: &FunctionContext<'_, '_>, value: Value) -> Result<Value, ExecutionError> {
    functions::string(context, This(value))
}

fn contains(This(text): This<Arc<String>>, part: Arc<String>) -> bool {
    text.contains(part.as_str())
}

fn negated(context: &FunctionContext<'_, '_>, value: Value) -> Result<Value, ExecutionError> {
    match value {
        Value::Int(int) => {
            int.checked_neg().map(Value::Int).ok_or_else(|| context.error("a number that no int can hold"))
        }
        Value::Float(float) => Ok(Value::Float(-float)),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn ordered(value: Value) -> Result<Value, ExecutionError> {
    match value {
        Value::Map(map) => {
            let mut keys: Vec<&Key> = map.map.keys().collect();
            keys.sort();
            Ok(Value::List(Arc::new(keys.into_iter().map(Value::from).collect())))
        }
        list @ Value::List(_) => Ok(list),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

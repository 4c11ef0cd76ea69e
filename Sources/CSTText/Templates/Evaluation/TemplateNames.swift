enum TemplateFilter: String, Sendable {
  case abs, batch, capitalize, count, d, `default`, dictsort, first, float, format, indent, int, items, join, last
  case length, list, lower, map, max, min, reject, rejectattr, replace, reverse, round, safe, select, selectattr, slice
  case sort, string, sum, title, tojson, trim, unique, upper

  /// What Jinja has and this interpreter has not.
  static let unsupported: Set<String> = [
    "attr", "center", "e", "escape", "filesizeformat", "forceescape", "groupby", "pprint", "random", "striptags",
    "truncate", "urlencode", "urlize", "wordcount", "wordwrap", "xmlattr",
  ]
}

enum TemplateTest: String, Sendable {
  case boolean, callable, defined, divisibleby, eq, equalto, even, `false`, filter, float, ge, greaterthan, gt, `in`
  case integer, iterable, le, lessthan, lower, lt, mapping, ne, none, number, odd, sameas, sequence, string, test
  case `true`, undefined, upper

  /// The tests that are comparisons under another name.
  init?(_ name: String) {
    switch name {
    case "==": self = .eq
    case "!=": self = .ne
    case "<": self = .lt
    case "<=": self = .le
    case ">": self = .gt
    case ">=": self = .ge
    default:
      guard let test = TemplateTest(rawValue: name) else { return nil }
      self = test
    }
  }

  static let unsupported: Set<String> = ["escaped"]
}

/// The methods that templates may call on values, and what is refused.
enum TemplateMethods {
  static let text: Set<String> = [
    "capitalize", "count", "endswith", "find", "format", "index", "isalnum", "isalpha", "isdecimal", "isdigit",
    "islower", "isspace", "isupper", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
    "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    "zfill",
  ]
  static let dictionary: Set<String> = ["copy", "get", "items", "keys", "values"]
  static let list: Set<String> = ["copy", "count", "index"]
  static let tuple: Set<String> = ["count", "index"]

  /// What would change a list or a dictionary; Jinja's sandbox forbids it too.
  static let changingList: Set<String> = [
    "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
  ]
  static let changingDictionary: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]

  /// Methods of Python's values that are not implemented here; a template that calls one is refused when it is read.
  static let unsupported: Set<String> = [
    "casefold", "center", "encode", "expandtabs", "format_map", "isascii", "isidentifier", "isnumeric", "isprintable",
    "istitle", "ljust", "maketrans", "rjust", "swapcase", "translate", "as_integer_ratio", "bit_length", "bit_count",
    "conjugate", "to_bytes", "from_bytes", "hex", "is_integer", "fromkeys",
  ]
}

/// Functions that templates find without being given them.
enum TemplateFunctionName: String, Sendable, CaseIterable {
  case range, dict, namespace
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"

  /// What Jinja has and this interpreter has not.
  static let unsupported: Set<String> = ["cycler", "joiner", "lipsum"]
}

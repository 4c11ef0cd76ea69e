import TestSupport
import Testing

@testable import CSTText

/// Templates come from outside: whatever they do, they end with a text or a typed error, in bounded time and memory.
struct TemplateSandboxTests {
  private func reason(_ source: String) -> ChatTemplateError.Reason? {
    do throws(ChatTemplateError) {
      _ = try TemplateFixtures.render(source)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func nestingIsBounded() {
    let deep = 20_000
    func many(_ text: String) -> String { String(repeating: text, count: deep) }
    for source in [
      "{{ \(many("(")) }}", "{{ \(many("[")) }}", "{{ \(many("{1:")) }}", "{{ \(many("not ")) 1 }}",
      "{{ \(many("-")) 1 }}", "{{ \(many("f(")) }}", "{{ \(many("a[")) }}", many("{% if 1 %}"),
      many("{% for x in y %}"),
      many("{% macro m() %}"), many("{% set x %}"), "{{ 1\(many(" + 1")) }}", "{{ a\(many(".b")) }}",
      "{{ a\(many("|upper")) }}", "{{ a\(many("[0]")) }}", "{{ a\(many("()")) }}", "{{ a\(many(" if b else c")) }}",
      "{{ a\(many(" if b")) }}", "{{ a\(many(" or b")) }}", "{% set \(many("("))a %}", "{{ a\(many(" ~ b")) }}",
      "{{ 1\(many(" < 1")) }}",
    ] {
      #expect(reason(source) == .limitExceeded, "\(source.prefix(40))")
    }
    let sum = "{{ 1\(String(repeating: " + 1", count: 1500)) }}"
    #expect(reason(sum) == .limitExceeded)
    #expect(reason("{{ 1\(String(repeating: " + 1", count: 100)) }}") == nil)
  }

  /// Work grows with the text, however many lines, pieces or scopes it is made of.
  @Test func longTextsTakeStepsInProportion() throws {
    let lines = TemplateText(String(repeating: "a line\n", count: 20_000), .content)
    for source in ["{{ x | indent(2) }}", "{{ x.split('\n') | join(', ') }}", "{{ x.split('\n') | tojson }}"] {
      #expect(try TemplateFixtures.render(source, [("x", .text(lines))]).count > lines.count, "\(source)")
    }
    let chain = "{% set y = x | replace('l', 'lo') %}{{ y | replace('n', 'no') | replace('a', 'ao') | length }}"
    #expect(try TemplateFixtures.render(chain, [("x", .text(lines))]).string == "200000")
    let macros = "{% for i in range(20000) %}{% macro m() %}x{% endmacro %}{{ m() }}{% endfor %}"
    #expect(try TemplateFixtures.render(macros).count == 20_000)
  }

  @Test func sizesAreBounded() {
    #expect((try? TemplateFixtures.render("{{ 'a'.zfill(-9223372036854775807 - 1) }}").string) == "a")
    for source in [
      "{{ range(1000000000) | list }}", "{{ range(100001) }}", "{{ range(-9223372036854775807, 9223372036854775807) }}",
      "{{ 'x' * 1000000000 }}", "{{ 'xy' * 9223372036854775807 }}", "{{ [1] * 1000000000 }}",
      "{{ '7' | indent(1000000000, true) }}",
      "{{ '7'.zfill(1000000000) }}", "{{ 2 ** 64 }}", "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}",
      "{{ 99999999999999999999 }}", "{{ 4611686018427387904 * 2 }}", "{{ (0 - 9223372036854775807 - 1) // -1 }}",
      "{{ [1] | tojson(indent=1000000000) }}", "{{ [1] | batch(1000000000, 'x') | list }}", "{{ 1e300 | int }}",
      "{{ \(String(repeating: "[", count: 20))1\(String(repeating: "]", count: 20)) | tojson(indent=33000000) }}",
      "{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}",
      "{{ (['x' * 1000000] * 1000) | join }}", "{{ '%900000s' % 'a' ~ '%900000s' % 'a' * 100 }}",
    ] {
      #expect(reason(source) == .limitExceeded, "\(source)")
    }
    #expect(reason("{{ '{:9999999}'.format(1) }}") == .unsupported)
    #expect(
      reason(
        "{{ (0 - 9223372036854775807 - 1) % -1 }}{{ 5[::-9223372036854775807] }}{{ 'abc'[9223372036854775807::-9223372036854775807] }}{{ -9223372036854775807 | abs }}"
      ) == nil)
  }

  @Test func growthIsBounded() {
    let loop = "{% set ns = namespace(v=START) %}{% for i in range(10000) %}{% set ns.v = STEP %}{% endfor %}END"
    func grown(_ start: String, _ step: String, _ end: String = "") -> ChatTemplateError.Reason? {
      reason(
        loop.replacing("START", with: start).replacing("STEP", with: step).replacing("END", with: end))
    }
    #expect(grown("'x'", "ns.v + ns.v") == .limitExceeded)
    #expect(grown("'x'", "ns.v ~ ns.v") == .limitExceeded)
    #expect(grown("'x'", "ns.v | replace('x', 'xx')") == .limitExceeded)
    #expect(grown("'x'", "[ns.v, ns.v] | join") == .limitExceeded)
    #expect(grown("'x'", "[ns.v, ns.v] | tojson") == .limitExceeded)
    #expect(grown("'x'", "'%s%s' % (ns.v, ns.v)") == .limitExceeded)
    #expect(grown("'x'", "'{}{}'.format(ns.v, ns.v)") == .limitExceeded)
    #expect(grown("[1]", "ns.v + ns.v") == .limitExceeded)
    #expect(grown("[1]", "[ns.v]") == .limitExceeded)
    #expect(grown("{}", "{'a': ns.v}") == .limitExceeded)
    #expect(grown("0", "ns") == .unsupported)
    #expect(grown("0", "[ns]") == .unsupported)
    let shared = "{% set ns = namespace(v=[1]) %}{% for i in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}"
    for end in [
      "{{ ns.v }}", "{{ ns.v | tojson }}", "{{ ns.v == [ns.v, 1] }}{{ ns.v[0] == ns.v[1] }}", "{{ ns.v < ns.v }}",
    ] {
      #expect(reason(shared + end) == .limitExceeded, "\(end)")
    }
  }

  @Test func timeIsBounded() {
    for source in [
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
      "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n else '' }}{% endmacro %}{{ m(40) }}",
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{{ range(99999) | map('string') | unique | list | length }}",
      "{% for a in range(99999) %}{{ range(99999) | sum }}{% endfor %}",
      "{% for a in range(99999) %}{{ 'x' * 100000 }}{% endfor %}",
      "{% set x = 'ab' * 1000000 %}{% for a in range(99999) %}{{ x in x }}{% endfor %}",
      "{% macro c() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call c() %}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}",
    ] {
      #expect(reason(source) == .limitExceeded, "\(source)")
    }
    #expect(reason("{{ (range(20000) | list | sort(reverse=true))[0] }}") == nil)
  }

  @Test func largeSourcesAreBounded() throws {
    let megabyte = 1 << 20
    #expect(reason(String(repeating: "x", count: megabyte)) == nil)
    #expect(reason(String(repeating: "x", count: megabyte + 2)) == .limitExceeded)
    #expect(reason(String(repeating: "{", count: megabyte - 8)) == .limitExceeded)
    #expect(reason(String(repeating: "{{ 1 }}", count: megabyte / 8)) == nil)
    #expect(reason("{#" + String(repeating: "{#-", count: megabyte / 4)) == .syntax)
    #expect(reason("{% raw %}" + String(repeating: "{%", count: megabyte / 4)) == .syntax)
    #expect(reason("{{ '" + String(repeating: "\\", count: megabyte / 2)) == .syntax)
  }

  @Test func truncatedTemplatesEndWithATypedError() throws {
    let messages: [Message] = [.system("Be kind."), .user("Tea?"), .assistant("Yes."), .user("Why?")]
    for name in ["chatml", "llama-2", "qwen2.5", "phi-3.5"] {
      let source = Array(try TemplateFixtures.source(name).utf8)
      var refused = 0
      for count in 0..<source.count {
        if !renders(String(decoding: source[..<count], as: UTF8.self), messages) { refused += 1 }
      }
      #expect(refused > source.count / 2, "\(name)")
    }
  }

  @Test func damagedTemplatesEndWithATextOrATypedError() throws {
    let messages: [Message] = [.system("Be kind."), .user("Tea?"), .assistant("Yes."), .user("Why?")]
    let sources = try ["zephyr", "llama-3.1", "mistral-nemo", "qwen3", "gemma-3", "deepseek-v3.1"].map {
      Array(try TemplateFixtures.source($0).utf8)
    }
    var generator = CaseGenerator(seed: 99)
    var refused = 0
    for index in 0..<2000 {
      var source = sources[index % sources.count]
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<source.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: source[place] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
        case 1: source.remove(at: place)
        case 2: source.insert(generator.pick(Array("{}%#-+'\"()[]|.,0 \n".utf8)), at: place)
        default: source.swapAt(place, Int.random(in: 0..<source.count, using: &generator))
        }
      }
      if !renders(String(decoding: source, as: UTF8.self), messages) { refused += 1 }
    }
    #expect(refused > 500 && refused < 2000)
  }

  private func renders(_ source: String, _ messages: [Message]) -> Bool {
    do throws(ChatTemplateError) {
      let program = try TemplateParser.parse(source)
      _ = try TemplateFixtures.render(program, messages, generationPrompt: true)
      return true
    } catch {
      #expect(!error.description.contains("\n"), "\(error)")
      return false
    }
  }

  @Test func errorsNameTheLine() {
    func line(_ source: String) -> Int? {
      do throws(ChatTemplateError) {
        _ = try TemplateFixtures.render(source)
        return nil
      } catch {
        return error.line
      }
    }
    #expect(line("a\n\n{{ x.y.z }}") == 3)
    #expect(line("a\n{% if 1 %}\n{{ 'b' + 1 }}\n{% endif %}") == 3)
    #expect(line("{# c\n c #}\n{{ 'a' | pprint }}") == 3)
    #expect(line("x\n{%- for a in b %}\n") == 2)
    #expect(line("\n{{ '\n' }}{{ ) }}") == 3)
    #expect(line("{% macro m() %}\n{{ 1 / 0 }}{% endmacro %}\n\n{{ m() }}") == 2)
  }
}

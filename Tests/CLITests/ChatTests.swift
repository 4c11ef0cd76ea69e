import Foundation
import Testing

@testable import cst

/// `cst chat`, fed from a file.
@Suite struct ChatTests {
  @Test func linesAreMessagesOrCommands() {
    #expect(ChatInput("How do I tie a bow?") == .message("How do I tie a bow?"))
    #expect(ChatInput("//help me") == .message("/help me"))
    #expect(ChatInput("/config direct") == .configuration("direct"))
    #expect(ChatInput("/config two words") == .configuration("two words"))
    #expect(ChatInput("/config") == .configuration(nil))
    #expect(ChatInput("/system  Be kind.") == .system("Be kind."))
    #expect(ChatInput("/reset") == .reset && ChatInput("/quit") == .quit && ChatInput("/help") == .help)
    #expect(ChatInput("/rest") == .unknown("/rest") && ChatInput("/reset now") == .unknown("/reset now"))
  }

  @Test func theConfigurationSwitchesBetweenTurns() throws {
    let fixture = try ToolFixture()
    let chat = ["chat", "--model", fixture.model, "--policy", fixture.policy, "--max-tokens", "6", "--json"]
    let lines =
      "Hello\\\nthere\n/config direct\nAnd now?\n/config nobody\n/config\n/nonsense\n\n/reset\nHello\\\nthere\n"
    let outcome = try CommandLineTool.run(chat, input: Data(lines.utf8))
    #expect(outcome.code == 0, "\(outcome.notes)")
    let turns = try outcome.output.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(turns.map { $0["configuration"] as? String } == ["cautious", "direct", "direct"])
    #expect(turns.map { $0["prompt"] as? String } == ["Hello\nthere", "And now?", "Hello\nthere"])
    let counts = turns.compactMap { $0["prompt_tokens"] as? Int }
    #expect(counts.count == 3 && counts[1] > counts[0])
    #expect(outcome.notes.contains("direct from here") && outcome.notes.contains("* direct"))
    #expect(outcome.notes.contains("nobody") && outcome.notes.contains("there is no command /nonsense"))
    // The same first turn as one reply under the same configuration.
    let alone = try CommandLineTool.run([
      "generate", "--model", fixture.model, "--policy", fixture.policy, "--configuration", "direct", "--prompt",
      "Hello\nthere", "--max-tokens", "6", "--json",
    ]).object()
    #expect(alone["text"] as? String == turns[2]["text"] as? String)
  }

  @Test func tooLongATurnIsSaidAndTheChatGoesOn() throws {
    let fixture = try ToolFixture()
    let lines = String(repeating: "long ", count: 300) + "\nshort\n"
    let outcome = try CommandLineTool.run(
      ["chat", "--model", fixture.model, "--system", "Be kind.", "--max-tokens", "3"], input: Data(lines.utf8))
    #expect(outcome.code == 0)
    #expect(outcome.notes.contains("/reset begins a new one"))
    #expect(outcome.output.split(separator: "\n", omittingEmptySubsequences: false).count >= 2)
    let usage = try CommandLineTool.run(["chat", "--model", fixture.model, "--configuration", "direct"])
    #expect(usage.code == 64 && usage.errorLines.count == 1)
  }
}

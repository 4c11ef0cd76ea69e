import CSTReports
import Foundation
import Testing

@testable import CSTCore
@testable import CSTData

/// Every public error has one shape, and says on one line what is wrong, where and what to do.
@Suite struct PublicErrorsTests {
  static let errors: [any PlacedError] = [
    FormatError(.missing, file: "model.gguf", at: .key("a\nb"), expected: "a number", found: "nothing"),
    FormatError(.truncated, file: "model.gguf"),
    TokenizerError(.invalidUTF8, at: "token 3", "expected text"),
    ChatTemplateError(.syntax, line: 2, "unexpected %"),
    ChatTemplateError(.missingTemplate, "give one"),
    PreferenceError(reason: .invalidPolicy, file: URL(filePath: "/policy.json"), row: 3, detail: "no names"),
    ConversationError(reason: .promptTooLong(tokens: 9, limit: 8), row: 4),
    ConversationError(reason: .noEndOfTurn),
    ExportError(.unsupportedType(.q4_K, allowed: [.f32, .bf16])), ExportError(.noAdapter),
    ExportError(.tokenizer("no place")), ExportError(.configuration("no place")),
    TrainingError(reason: .noPairs), TrainingError(reason: .nonFinite(quantity: "the loss", step: 3, rows: [1, 2])),
    TrainingError(reason: .checkpointMismatch(what: "seed", expected: "1", found: "2")),
    LinearAlgebraError(reason: .notFinite, routine: "sgesdd", shape: [2, 3], detail: "found nan"),
    ChoiceError(reason: .noChoices), ChoiceError(reason: .sameFirstToken("Ax", "Ay")),
    EvaluationError(reason: .duplicate, model: "tuned", row: 5, detail: "two replies"),
    KernelSelectionError(requested: "sse", runnable: ["scalar", "avx2"]),
    DatasetError(reason: .malformedRow, file: URL(filePath: "/pairs.jsonl"), line: 12, detail: "no prompt"),
    RunFolderError(.holdsRun, URL(filePath: "/run"), detail: "run.json"),
    EndpointError(.missingKey, detail: "set CST_KEY"), TeacherError(.rateLimited, detail: "status 429"),
  ]

  @Test(arguments: errors.indices) func oneLineNamesThePlace(index: Int) {
    let error = Self.errors[index]
    #expect((error as any Error).localizedDescription == error.description)
    #expect(!error.description.contains(where: \.isNewline) && !error.detail.isEmpty || error is FormatError)
    let place = "\(error.place)"
    #expect(place.isEmpty || error.description.contains(place))
    #expect(error.detail.isEmpty || error.description.contains(error.detail))
  }
}

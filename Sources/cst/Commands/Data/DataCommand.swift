import ArgumentParser

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at and reshape preference data.",
    subcommands: [
      DataCheckCommand.self, DataConvertCommand.self, DataDedupeCommand.self, DataSplitCommand.self,
      DataAugmentCommand.self,
    ])
}

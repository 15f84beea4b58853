import ArgumentParser
import Foundation
import JanusSystem

/// The words of a command line, before and after the parser has seen them: what it would misunderstand,
/// and what it explains badly.
struct Arguments {
  let words: [String]

  private static let rootOptions: Set<String> = [
    "-h", "--help", "--version", "--generate-completion-script", "--experimental-dump-help",
    "---completion", "--help-hidden",
  ]

  private static var commandNames: [String] {
    Root.configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  init(_ words: [String]) {
    self.words =
      words.first == "-V" ? ["--version"] + words.dropFirst() : Self.withValuesApart(words)
  }

  /// `-n4` as `-n 4`: an option of one letter may have its value right behind it where that is a number, and any
  /// value behind an equals sign. Other words that begin so may be names of files.
  private static func withValuesApart(_ words: [String]) -> [String] {
    guard let command = words.first, words.dropFirst().contains(where: mayHaveValue) else {
      return words
    }
    let options = CommandOptions(of: command)
    var (result, rest) = ([command], words.dropFirst())
    while let word = rest.popFirst() {
      if word == "--" { return result + [word] + rest }
      if options.takeValue.contains(word) {
        result.append(word)
        if let value = rest.popFirst() { result.append(value) }
      } else if mayHaveValue(word), options.takeValue.contains(String(word.prefix(2))) {
        let value = word.dropFirst(2)
        result += [String(word.prefix(2)), String(value.first == "=" ? value.dropFirst() : value)]
      } else {
        result.append(word)
      }
    }
    return result
  }

  private static func mayHaveValue(_ word: String) -> Bool {
    let value = word.dropFirst(2)
    return word.hasPrefix("-") && (word.dropFirst().first?.isLetter ?? false)
      && (value.first == "=" || !value.isEmpty && value.allSatisfy(\.isNumber))
  }

  /// Throws where the parser would do something else than what was meant: print its help for a file
  /// whose name begins with a dash, or blame the wrong word.
  func check() throws(Failure) {
    guard let first = words.first, !Self.rootOptions.contains(first) else { return }
    if first.hasPrefix("-"), first != "-" {
      try checkOptionsBeforeCommand()
    } else if first == "help" {
      if words.count > 1, !words[1].hasPrefix("-") { try checkCommand(words[1]) }
    } else {
      try checkCommand(first)
      try checkClusters()
    }
  }

  private func checkCommand(_ name: String) throws(Failure) {
    guard name != "help", !Self.commandNames.contains(name) else { return }
    if PictureInput.isPicture(named: name), SystemPath.status(of: name) != nil {
      throw Failure(.usage, "'\(name)' is no command; 'janus-lite ocr \(name)' reads a picture")
    }
    throw Failure(.usage, "unknown command '\(name)'" + Self.suggestion(for: name))
  }

  private static func suggestion(for name: String) -> String {
    let name = name.lowercased()
    if name == "version" || name == "help" { return "; did you mean '--\(name)'?" }
    if let command = otherNames[name], commandNames.contains(command) {
      return "; did you mean '\(command)'?"
    }
    let near = commandNames.map { (name: $0, distance: editDistance(Array($0), Array(name))) }
      .min { $0.distance < $1.distance }
    if let near, near.distance <= max(1, min(near.name.count, name.count) / 2) {
      return "; did you mean '\(near.name)'?"
    }
    return ": expected one of \(commandNames.joined(separator: ", "))"
  }

  /// What other programs call it.
  private static let otherNames = [
    "read": "ocr", "recognize": "ocr", "recognise": "ocr", "latex": "ocr",
    "paint": "generate", "draw": "generate", "imagine": "generate",
    "download": "pull", "fetch": "pull", "get": "pull", "list": "models", "ls": "models",
    "server": "serve", "quantize": "convert", "quantise": "convert", "run": "chat", "ask": "chat",
    "show": "info", "inspect": "info", "benchmark": "bench", "tokenise": "tokenize",
  ]

  private func checkOptionsBeforeCommand() throws(Failure) {
    guard let option = words.first,
      let command = words.first(where: Self.commandNames.contains)
    else { return }
    throw Failure(
      .usage, "options stand behind the command: janus-lite \(command) \(option) …")
  }

  /// One-letter options may be written together, `-rv`. A word that begins with a dash and holds other
  /// letters is a file's name or a prompt.
  private func checkClusters() throws(Failure) {
    var words = words.dropFirst()
    guard words.contains(where: Self.looksLikeCluster) else { return }
    let options = CommandOptions(of: self.words[0])
    while let word = words.popFirst(), word != "--" {
      if options.takeValue.contains(word) {
        _ = words.popFirst()
      } else if Self.looksLikeCluster(word), !options.areLetters(word.dropFirst()) {
        throw Failure(.usage, "'\(word)' is no option" + hint(for: word, options))
      }
    }
  }

  private func hint(for word: String, _ options: CommandOptions) -> String {
    if options.names.contains("-" + word) { return "; did you mean '-\(word)'?" }
    let value =
      options.takeValue.contains(String(word.prefix(2)))
      ? "; an option's value stands apart, \(word.prefix(2)) \(word.dropFirst(2))" : ""
    return Self.commandsOfTexts.contains(words[0])
      ? ": write -- before a text that begins with a dash" + value
      : ": write './\(word)' for a file of this name, or -- before a word that begins with a dash"
        + value
  }

  /// Those whose argument is a text and no file.
  private static let commandsOfTexts: Set<String> = ["generate", "chat", "tokenize"]

  private static func looksLikeCluster(_ word: String) -> Bool {
    word.count > 2 && word.hasPrefix("-") && !word.hasPrefix("--") && Double(word) == nil
  }

  /// What to add to the parser's own error; nil where it says enough.
  func explained() -> String? {
    if let problem = seedProblem { return problem }
    for word in words.prefix(while: { $0 != "--" }) {
      let name = String(word.split(separator: "=").first ?? "")
      if let option = Self.shortForms[name] {
        return "unknown option '\(name)': the option is called \(option)"
      }
    }
    guard let command = words.first, Self.commandsOfTexts.contains(command) else {
      return nil
    }
    let options = CommandOptions(of: command)
    var plain: [String] = []
    var rest = words.dropFirst()
    while let word = rest.popFirst() {
      if word == "--" {
        plain += rest
        break
      }
      if options.takeValue.contains(word) {
        _ = rest.popFirst()
      } else if word.hasPrefix("-"), word != "-" {
        let name = String(word.split(separator: "=")[0])
        if let hint = Self.hints["\(command) \(name)"] { return hint }
        // The word behind an option that is unknown may be its value.
        let isKnown =
          name.hasPrefix("--")
          ? options.names.contains(name) : options.areLetters(name.dropFirst())
        if !isKnown { return nil }
      } else {
        plain.append(word)
      }
    }
    guard plain.count > 1 else { return nil }
    return "expected one text, found \(plain.count) words: put it in quotes, "
      + "janus-lite \(command) \"\(plain.joined(separator: " "))\""
  }

  /// Other programs take -1 for a seed of their own choice.
  private var seedProblem: String? {
    for (index, word) in words.enumerated() {
      let value =
        word.hasPrefix("--seed=")
        ? String(word.dropFirst("--seed=".count))
        : word == "--seed" && index + 1 < words.count ? words[index + 1] : nil
      if let value, UInt64(value) == nil {
        return
          "--seed: expected 0 to \(UInt64.max), found '\(value)' (without --seed each time is new)"
      }
    }
    return nil
  }

  private static let shortForms = ["--temp": "--temperature", "--max_tokens": "--max-tokens"]

  /// Options that other programs have.
  private static let hints: [String: String] = {
    let size = "pictures have the size of the model: 384 × 384 pixels for Janus-Pro"
    let steps = "a model of this kind has no steps to choose: it paints code by code"
    return [
      "generate --size": size, "generate --width": size, "generate --height": size,
      "generate -W": size, "generate -H": size, "generate --steps": steps,
      "generate --cfg-scale": "the option is called --cfg",
      "generate --guidance-scale": "the option is called --cfg",
      "generate --negative-prompt": "the option is called --negative",
      "generate --prompt": "the prompt is written without an option: janus-lite generate \"…\"",
      "generate -p": "the prompt is written without an option: janus-lite generate \"…\"",
    ]
  }()

  /// Letters to put in, take out, replace, or exchange with their neighbour (Damerau, 1964, each letter
  /// once).
  static func editDistance(_ one: [Character], _ other: [Character]) -> Int {
    var row = Array(0...other.count)
    var before = row
    for (i, a) in one.enumerated() {
      let above = row
      row[0] = i + 1
      for (j, b) in other.enumerated() {
        row[j + 1] = min(row[j] + 1, above[j + 1] + 1, above[j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == other[j - 1], one[i - 1] == b {
          row[j + 1] = min(row[j + 1], before[j - 1] + 1)
        }
      }
      before = above
    }
    return row[other.count]
  }
}

/// The options of a command, as the parser describes them.
private struct CommandOptions {
  /// Words that another word follows.
  var takeValue: Set<String> = []
  /// All long options.
  var names: Set<String> = ["--help", "--version"]
  private var letters: Set<Character> = ["h"]

  private struct Tool: Decodable {
    let command: Command
  }
  private struct Command: Decodable {
    let commandName: String
    let subcommands: [Command]?
    let arguments: [Argument]?
  }
  private struct Argument: Decodable {
    struct Name: Decodable {
      let kind: String
      let name: String
    }
    let kind: String
    let names: [Name]?
  }

  init(of command: String) {
    guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(Root._dumpHelp().utf8)),
      let found = tool.command.subcommands?.first(where: { $0.commandName == command })
    else { return }
    add(found)
  }

  private mutating func add(_ command: Command) {
    for argument in command.arguments ?? [] {
      for name in argument.names ?? [] {
        let isLong = name.kind == "long"
        if argument.kind == "option" { takeValue.insert((isLong ? "--" : "-") + name.name) }
        if isLong { names.insert("--" + name.name) }
        if name.kind == "short", let letter = name.name.first { letters.insert(letter) }
      }
    }
    for subcommand in command.subcommands ?? [] { add(subcommand) }
  }

  func areLetters(_ word: Substring) -> Bool { word.allSatisfy(letters.contains) }
}

/// Why a lexeme cannot stand where it stands.
package enum Fault: Equatable, Sendable {
  case unknownCommand
  case forbiddenCommand
  case commandInText
  case textCommandInFormula
  case misplacedCommand
  case unknownEnvironment
  case misplacedEnvironment
  case wrongEnd
  case unexpectedCloser
  case missingArgument
  case missingDelimiter
  case missingBrace
  case doubleScript
  case misplacedAlignment
  case misplacedRow
  case secondInfix
  case limitsWithoutOperator
  case specialCharacter
  case unsupportedCharacter
  case controlCharacter
  case badLength
  case badNumber
  case badColumns
  case badWords
  case tooDeep
  case afterDisplay
  case blankLine
  case dollarSign
  case unfinished
  case tooLong

  /// What is wrong, in words.
  package var reason: String {
    switch self {
    case .unknownCommand: "unknown command"
    case .forbiddenCommand: "a command that is never part of a formula"
    case .commandInText: "a command of formulas inside of text"
    case .textCommandInFormula: "a command of text outside of \\text"
    case .misplacedCommand: "a command that cannot stand here"
    case .unknownEnvironment: "unknown environment"
    case .misplacedEnvironment: "an environment that cannot stand inside of a formula"
    case .wrongEnd: "the end of another environment than the open one"
    case .unexpectedCloser: "closes what was not opened"
    case .missingArgument: "an argument is missing"
    case .missingDelimiter: "a delimiter is missing"
    case .missingBrace: "an opening brace is missing"
    case .doubleScript: "a second script at the same place"
    case .misplacedAlignment: "an alignment mark outside of rows"
    case .misplacedRow: "a row ends where none began"
    case .secondInfix: "a second \\over or its like in one group"
    case .limitsWithoutOperator: "limits without an operator"
    case .specialCharacter: "a special character without its backslash"
    case .unsupportedCharacter: "a character that formulas do not have"
    case .controlCharacter: "a control character"
    case .badLength: "no length"
    case .badNumber: "no number"
    case .badColumns: "no columns"
    case .badWords: "no plain words"
    case .tooDeep: "nested too deeply"
    case .afterDisplay: "something behind a displayed environment"
    case .blankLine: "a blank line"
    case .dollarSign: "a dollar sign inside of a formula"
    case .unfinished: "the formula is not finished"
    case .tooLong: "longer than a formula may be"
    }
  }
}

extension Grammar {
  /// Whether the innermost frame holds plain words, where a comment cannot begin.
  var isInWords: Bool {
    switch top.kind {
    case .raw, .gap, .beginName, .endName: true
    default: false
    }
  }

  /// What brings the innermost frame nearer to its end; empty where nothing is needed.
  var closing: String {
    var level = stack.count - 1
    while level > 0, isOptionalRest(stack[level]) { level -= 1 }
    let frame = stack[level]
    switch frame.kind {
    case .top:
      switch end {
      case .text: return ""
      case .dollar: return "$"
      case .twoDollars: return frame.flags.contains(.halfClosed) ? "$" : "$$"
      case .parenthesis: return "\\)"
      case .bracket: return "\\]"
      }
    case .group, .rows, .text: return "}"
    case .bracket: return "]"
    case .fenced: return frame.step == 1 ? "\\right." : "."
    case .cells: return "\\end{" + environment(of: frame).name + "}"
    case .inlineMath: return frame.flags.contains(.dollar) ? "$" : "\\)"
    case .script: return "{}"
    case .command:
      let slot = slots(of: frame)[Int(frame.step)...].first { !$0.isOptional }
      return Self.emptyArgument(slot ?? .math)
    case .beginName: return closingOfName(frame)
    case .endName:
      if frame.step == 0 { return "{" }
      let name = environment(of: stack[level - 1]).nameBytes[Int(frame.value)...]
      return String(decoding: name, as: UTF8.self) + "}"
    case .raw: return closingOfRaw(frame)
    case .gap: return "}"
    }
  }

  static func emptyArgument(_ slot: Slot) -> String {
    switch slot {
    case .delimiter: "."
    case .dimension: "{0pt}"
    case .muDimension: "{0mu}"
    case .bareDimension: "0pt"
    case .bareMuDimension: "0mu"
    case .raw: "{x}"
    case .number: "{1}"
    case .columns: "{c}"
    default: "{}"
    }
  }

  private func closingOfName(_ frame: Frame) -> String {
    if frame.step == 0 { return "{" }
    let table = EnvironmentTable.shared
    let allowed = allowedEnvironments
    let rest = table.names.shortestEnd(from: frame.value) {
      (table[$0].isOuter ? EnvironmentTable.outer : EnvironmentTable.inner) & allowed != 0
    }
    return String(decoding: rest ?? [], as: UTF8.self) + "}"
  }

  private func closingOfRaw(_ frame: Frame) -> String {
    let slot = Slot(rawValue: UInt8(frame.id)) ?? .raw
    switch slot {
    case .columns:
      switch frame.step {
      case 0: return frame.count > 0 ? "}" : "c}"
      case 1: return "{1}"
      case 2: return "1}"
      case 3: return "}"
      case 4: return "{c}"
      default: return "{}"
      }
    case .number: return frame.step > 0 ? "}" : "1}"
    case .style, .bracedDelimiter: return "}"
    case .raw: return frame.step > 0 ? "}" : "x}"
    case .optionalRaw: return frame.step > 0 ? "]" : "x]"
    case .optionalPlace: return frame.step > 0 ? "]" : "c]"
    default: return closingOfLength(frame, slot)
    }
  }

  private func closingOfLength(_ frame: Frame, _ slot: Slot) -> String {
    let isMu = slot == .muDimension || slot == .bareMuDimension
    let closer =
      switch slot {
      case .optionalDimension: "]"
      case .bareDimension, .bareMuDimension: ""
      default: "}"
      }
    let unit = isMu ? "mu" : "pt"
    switch frame.step {
    case 0: return slot == .bracedDimension ? "}" : "0" + unit + closer
    case 1, 3: return "0" + unit + closer
    case 2, 4: return unit + closer
    case 5:
      let second =
        isMu
        ? UInt8(ascii: "u")
        : Self.units.first {
          $0[0] == UInt8(frame.value) && frame.count <= Self.most(of: $0[0], $0[1])
        }?[1] ?? UInt8(ascii: "t")
      return String(Unicode.Scalar(second)) + closer
    default: return closer
    }
  }
}

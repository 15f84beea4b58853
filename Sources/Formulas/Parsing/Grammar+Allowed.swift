extension Grammar {
  /// The uses of commands that the state allows next: exactly those commands can be taken that have one
  /// of them.
  func allowedUses(ignoresRoom: Bool = false) -> CommandUse {
    if hasEnded { return [] }
    if isOptionalRest(top) {
      // What may be left out is: `\\` starts a row, whose start allows more.
      var copy = self
      while copy.isOptionalRest(copy.top) { copy.finishCommand() }
      return copy.allowedUses(ignoresRoom: ignoresRoom)
    }
    let level = stack.count - 1
    let frame = stack[level]
    let room = Self.deepest - (level + 1)
    let allowed = uses(in: frame, level)
    return ignoresRoom ? allowed : Self.fitting(allowed, room)
  }

  private static func fitting(_ uses: CommandUse, _ room: Int) -> CommandUse {
    if room >= 3 { return uses }
    var uses = uses
    if room < 3 { uses.remove(.begin) }
    if room < 2 {
      uses.subtract([
        .mathConstruct, .argument, .mathSpaceWithSlots, .mathFontWithSlots, .infixWithSlots,
        .newlineWithSlots, .rowStartWithSlots, .cellStart, .rowText, .tag, .markWithSlots,
        .textWithSlots,
      ])
    }
    if room < 1 { uses.subtract([.left, .mathOpen, .end]) }
    return uses
  }

  private func uses(in frame: Frame, _ level: Int) -> CommandUse {
    switch frame.kind {
    case .top, .group, .bracket, .fenced, .cells, .rows, .inlineMath: return mathUses(frame)
    case .text: return [.text, .textWithSlots, .mathOpen]
    case .script: return [.mathSymbol, .argument]
    case .command:
      let slots = slots(of: frame)
      let slot = slots[Int(frame.step)...].first { !$0.isOptional }
      switch slot {
      case .math: return [.mathSymbol, .argument]
      case .text: return .textSymbol
      case .delimiter, .bracedDelimiter: return .delimiter
      default: return []
      }
    case .raw:
      return frame.id == UInt16(Slot.bracedDelimiter.rawValue) && frame.step == 0
        ? .delimiter : []
    case .gap: return .mathSpace
    case .beginName, .endName: return []
    }
  }

  private func mathUses(_ frame: Frame) -> CommandUse {
    if frame.kind == .fenced, frame.step != 1 { return .delimiter }
    if !frame.flags.isDisjoint(with: .halfClosed) { return [] }
    var uses: CommandUse = []
    if !frame.flags.contains(.sealed) {
      uses = [
        .mathSymbol, .mathConstruct, .mathSpace, .mathSpaceWithSlots, .mathFont,
        .mathFontWithSlots, .left, .begin, .mark, .markWithSlots,
      ]
      if !frame.flags.contains(.infix) { uses.formUnion([.infix, .infixWithSlots]) }
      if frame.flags.contains(.operators) { uses.insert(.limits) }
    }
    switch frame.kind {
    case .top:
      if end == .parenthesis || end == .bracket { uses.insert(.mathClose) }
      if !frame.flags.contains(.sealed) {
        uses.formUnion([.newline, .newlineWithSlots])
        if !frame.flags.contains(.tagged) { uses.insert(.tag) }
      }
    case .bracket: uses.subtract([.left, .begin])
    case .fenced: uses.formUnion([.right, .middle])
    case .rows: uses.formUnion([.newline, .newlineWithSlots])
    case .inlineMath: if !frame.flags.contains(.dollar) { uses.insert(.mathClose) }
    case .cells:
      let environment = environment(of: frame)
      uses.formUnion([.end, .newline, .newlineWithSlots])
      if frame.flags.contains(.cellStart), environment.kind == .grid { uses.insert(.cellStart) }
      if frame.flags.contains(.rowStart) {
        if environment.kind == .grid { uses.formUnion([.rowStart, .rowStartWithSlots]) }
        if environment.kind != .grid, environment.kind != .wrapper { uses.insert(.rowText) }
      }
      if environment.isOuter, !frame.flags.contains(.tagged) { uses.insert(.tag) }
    default: break
    }
    return uses
  }
}

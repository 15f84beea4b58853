extension FormulaReading {
  // MARK: Environments

  mutating func handleBegin(_ token: Token) {
    guard let (name, end) = reader.environmentName(from: token.range.upperBound) else {
      _ = drop(token, .missingBrace)
      return
    }
    let whole = token.range.lowerBound..<end
    skip(to: end)
    // Where no list is open that it could stand in, one is made.
    for _ in 0..<8 {
      if grammar.allowedUses().contains(.begin) { break }
      prepareList(at: token.range.lowerBound, whole)
      if wasCut { return }
    }
    guard grammar.hasRoom(5) else {
      problem(whole, .tooDeep)
      wasCut = true
      return
    }
    guard let known = Self.known(name) else {
      problem(whole, .unknownEnvironment)
      edit(whole, "")
      environments.append(name: name, isDropped: true)
      return
    }
    let table = EnvironmentTable.shared
    var target: String? = known
    if let id = table.index(of: known), table[id].isOuter {
      let isStart = grammar.depth == 1 && !grammar.top.flags.contains(.hasContent)
      if table[id].kind == .wrapper {
        target = nil
      } else if !isStart {
        problem(whole, .misplacedEnvironment)
        target = table[id].innerName
      }
    }
    guard let target else {
      edit(whole, "")
      environments.append(name: name, isDropped: true)
      return
    }
    environments.append(name: name, isDropped: false)
    if target != name {
      problem(whole, known == name ? .misplacedEnvironment : .unknownEnvironment)
    }
    let text = "\\begin{\(target)}"
    if reader.text(whole) != text { edit(whole, text) }
    if grammar.depth == 1 { displayNames = [whole] }
    feed(text, at: whole)
  }

  /// Other names of environments.
  static func known(_ name: String) -> String? {
    let table = EnvironmentTable.shared
    if table.index(of: name) != nil { return name }
    let others = [
      "tabular": "array", "tabular*": "array", "darray": "array", "subequations": "equation",
      "eqnarray**": "eqnarray*", "alignedat*": "alignedat", "gathered*": "gathered",
      "aligned*": "aligned", "split*": "split", "array*": "array", "smallmatrix*": "smallmatrix",
      "mathletters": "equation", "dmath": "equation", "dmath*": "equation", "cases*": "cases",
      "dcases*": "cases", "numcases": "cases", "xxalignat": "alignat", "IEEEeqnarray": "align",
      "IEEEeqnarray*": "align*", "alignedat**": "alignedat", "multlined*": "multlined",
      "displaymath*": "displaymath", "matrix**": "matrix", "pmatrix**": "pmatrix",
      "bmatrix**": "bmatrix", "tabularx": "array", "math*": "math",
    ]
    return others[name]
  }

  /// Brings the grammar nearer to a list that `\begin` or `\left` may stand in.
  mutating func prepareList(at position: Int, _ range: Range<Int>) {
    let frame = grammar.top
    switch frame.kind {
    case .script, .bracket: open("{", "}", at: position)
    case .command:
      if grammar.isOptionalRest(frame) {
        // Any lexeme lets it go.
        _ = grammar.take(.space)
        drain(position..<position)
      } else if grammar.allowedUses().contains(.argument) {
        open("{", "}", at: position)
      } else {
        problem(range, .missingArgument)
        insert(grammar.closing, at: position)
      }
    case .text: open("$", "$", at: position)
    case .top where frame.flags.contains(.sealed): unseal()
    default:
      problem(range, .missingDelimiter)
      insert(grammar.closing, at: position)
    }
  }

  mutating func handleEnd(_ token: Token) {
    guard let (name, end) = reader.environmentName(from: token.range.upperBound) else {
      if environments.isEmpty || environments.last?.isDropped == true {
        _ = drop(token, .unexpectedCloser)
      } else {
        problem(token.range, .missingBrace)
        closeEnvironment(at: token.range.lowerBound, replacing: token.range)
      }
      return
    }
    let whole = token.range.lowerBound..<end
    skip(to: end)
    if environments.contains(name) {
      while let inner = environments.last, inner.name != name {
        if inner.isDropped {
          environments.removeLast()
        } else {
          problem(whole, .wrongEnd)
          closed.append("environment")
          closeEnvironment(at: whole.lowerBound, replacing: whole.lowerBound..<whole.lowerBound)
        }
      }
      if environments.last?.isDropped == true {
        environments.removeLast()
        edit(whole, "")
      } else {
        closeEnvironment(at: whole.lowerBound, replacing: whole)
      }
      return
    }
    problem(whole, .wrongEnd)
    // An end that fits nothing closes the innermost one, unless that has its own end still to come.
    let open = environments.keptCount
    if open > endsLeft, EnvironmentTable.shared.index(of: name) == nil || open > 0 {
      environments.removeDropped()
      closeEnvironment(at: whole.lowerBound, replacing: whole)
    } else {
      edit(whole, "")
    }
  }

  /// Closes what is open down to the innermost environment, and that environment.
  mutating func closeEnvironment(at position: Int, replacing range: Range<Int>) {
    closeFrames(downTo: { $0.kind == .cells }, at: position)
    environments.removeLast()
    guard grammar.top.kind == .cells else {
      edit(range, "")
      return
    }
    let text = "\\end{\(grammar.environment(of: grammar.top).name)}"
    if reader.text(range) != text { edit(range, text) }
    if grammar.depth == 2 { displayNames.append(range) }
    feed(text, at: range)
  }

  /// Something follows a displayed environment: it becomes one that stands inside.
  mutating func unseal() {
    guard let last = builder.root.last, case .environment(let id, _, _) = last.kind,
      displayNames.count == 2
    else {
      grammar.unseal()
      return
    }
    let inner = EnvironmentTable.shared[id].innerName
    for (range, word) in zip(displayNames, ["begin", "end"]) {
      edits.removeAll { $0.range == range && !range.isEmpty }
      edit(range, inner.map { "\\\(word){\($0)}" } ?? "")
    }
    builder.unseal(as: inner.flatMap { EnvironmentTable.shared.index(of: $0) })
    grammar.unseal()
  }

  mutating func closeFrames(downTo isTarget: (Frame) -> Bool, at position: Int) {
    for _ in 0..<(3 * Grammar.deepest) {
      let frame = grammar.top
      if grammar.depth == 1 { return }
      if isTarget(frame), frame.kind != .fenced || frame.step == 1 { return }
      if frame.kind == .command, grammar.isOptionalRest(frame) {
        _ = grammar.take(.space)
        drain(position..<position)
        continue
      }
      closeOne(at: position)
    }
  }

  /// Closes the innermost frame, or gives it what it waits for.
  mutating func closeOne(at position: Int) {
    let frame = grammar.top
    switch frame.kind {
    case .group, .text, .rows: closed.append("group")
    case .fenced: closed.append("\\left")
    case .bracket: closed.append("bracket")
    case .cells:
      closed.append("environment")
      environments.removeLastKept()
    default: break
    }
    if automatics.last?.depth == grammar.depth { automatics.removeLast() }
    insert(grammar.closing, at: position)
  }
}

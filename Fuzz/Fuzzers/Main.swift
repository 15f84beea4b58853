import Foundation

/// libFuzzer's own main function, called with arguments of our choice (its FuzzerDriver.cpp).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) private var target = FuzzTarget.all[0]

/// libFuzzer's library refers to it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}

/// The package manager makes this function the program's `main`.
///
/// Arguments: `--list`; or a target's name, the project's root, and libFuzzer's arguments, of which the first folder is
/// where found inputs go. Files that begin the corpus are copied there.
@_cdecl("fuzzers_main")
func fuzzersMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  let words = (0..<Int(count)).map { String(cString: arguments[$0]!) }
  if words.count == 2, words[1] == "--list" {
    for target in FuzzTarget.all { print(target.name) }
    return 0
  }
  guard words.count >= 4, let chosen = FuzzTarget.all.first(where: { $0.name == words[1] }) else {
    print("usage: fuzzers --list | fuzzers TARGET ROOT CORPUS [LIBFUZZER'S ARGUMENTS…]")
    return 64
  }
  target = chosen
  let root = URL(filePath: words[2], directoryHint: .isDirectory)
  do {
    try copySeeds(
      of: chosen, root: root, into: URL(filePath: words[3], directoryHint: .isDirectory))
  } catch {
    print("cannot fill \(words[3]): \(error)")
    return 74
  }
  var options = ["-max_len=\(chosen.mostBytes)"]
  let dictionary = root.appending(path: "Fuzz/Dictionaries/\(chosen.name).dict").path
  if FileManager.default.fileExists(atPath: dictionary) { options.append("-dict=\(dictionary)") }
  let all = [words[0]] + options + Array(words.dropFirst(3))
  var pointers: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
  return pointers.withUnsafeMutableBufferPointer { buffer in
    var number = CInt(all.count)
    var base = buffer.baseAddress!
    return runDriver(&number, &base, testOneInput)
  }
}

/// Copies what fits and is not there yet.
private func copySeeds(of target: FuzzTarget, root: URL, into corpus: URL) throws {
  let manager = FileManager.default
  try manager.createDirectory(at: corpus, withIntermediateDirectories: true)
  for pattern in target.seeds {
    let url = root.appending(path: pattern)
    let parts = url.lastPathComponent.split(separator: "*", omittingEmptySubsequences: false)
    for name in try manager.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
    where name.hasPrefix(parts[0]) && name.hasSuffix(parts[parts.count - 1]) {
      let seed = url.deletingLastPathComponent().appending(path: name)
      let copy = corpus.appending(path: "seed-" + name)
      let size = try seed.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      if size <= target.mostBytes, !manager.fileExists(atPath: copy.path) {
        try manager.copyItem(at: seed, to: copy)
      }
    }
  }
}

import CEditLine
import Foundation

/// libedit, opened at run time: BSD's line editor, which Debian, Fedora and macOS have. GNU readline's
/// licence does not suit programs under Apache's.
struct EditLineLibrary: @unchecked Sendable {
  let start: cedit_init
  let end: cedit_end
  let gets: cedit_gets
  let set: UnsafeMutableRawPointer
  let info: cedit_info_of
  let insert: cedit_insert
  let startHistory: cedit_history_init
  let history: UnsafeMutableRawPointer

  /// Nil where the system has none.
  static let system: EditLineLibrary? = {
    for name in names {
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      if let found = EditLineLibrary(library) { return found }
      dlclose(library)
    }
    return nil
  }()

  #if canImport(Darwin)
    private static let names = ["/usr/lib/libedit.3.dylib"]
  #else
    private static let names = ["libedit.so.2", "libedit.so.0"]
  #endif

  private init?(_ library: UnsafeMutableRawPointer) {
    func symbol<Function>(_ name: String, _: Function.Type) -> Function? {
      dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
    }
    guard let start = symbol("el_init", cedit_init.self),
      let end = symbol("el_end", cedit_end.self),
      let gets = symbol("el_gets", cedit_gets.self), let set = dlsym(library, "el_set"),
      let info = symbol("el_line", cedit_info_of.self),
      let insert = symbol("el_insertstr", cedit_insert.self),
      let startHistory = symbol("history_init", cedit_history_init.self),
      let history = dlsym(library, "history")
    else { return nil }
    self.start = start
    self.end = end
    self.gets = gets
    self.set = set
    self.info = info
    self.insert = insert
    self.startHistory = startHistory
    self.history = history
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A library that reads or writes some kinds of pictures and is opened at run time: a command runs without it, and
/// says so when such a picture comes.
public enum PictureLibrary: String, Sendable, CaseIterable {
  case webP = "libwebp"
  case tiff = "libtiff"
  case heif = "libheif"
}

/// How readers get at the libraries, each nil where it is not there.
package struct PictureLibraries: Sendable {
  let webP: @Sendable () -> WebPLibrary?
  let tiff: @Sendable () -> TIFFLibrary?
  let heif: @Sendable () -> HEIFLibrary?

  /// Those of this system, each opened when a picture first needs it, and kept open.
  package static let system = PictureLibraries(
    webP: { WebPLibrary.system }, tiff: { TIFFLibrary.system }, heif: { HEIFLibrary.system })

  /// As on a system without any of them.
  package static let absent = PictureLibraries(webP: { nil }, tiff: { nil }, heif: { nil })

  package func has(_ library: PictureLibrary) -> Bool {
    switch library {
    case .webP: webP() != nil
    case .tiff: tiff() != nil
    case .heif: heif() != nil
    }
  }
}

extension PictureLibrary {
  /// Whether this system has it.
  public var isInstalled: Bool { PictureLibraries.system.has(self) }
}

/// A shared library, opened for good.
struct SharedLibrary {
  private let handle: UnsafeMutableRawPointer

  /// The library `name` in any of the binary versions that have the functions we call, newest first; nil where the
  /// system has none of them.
  ///
  /// - Parameter name: without `lib` and ending, such as `webp`.
  init?(_ name: String, versions: [Int]) {
    #if canImport(Darwin)
      // Homebrew's folder on Apple's processors is not among those that are searched.
      let names = versions.map { "lib\(name).\($0).dylib" } + ["lib\(name).dylib"]
      let paths = names + names.map { "/opt/homebrew/lib/\($0)" }
    #else
      let paths = versions.map { "lib\(name).so.\($0)" }
    #endif
    for path in paths {
      if let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) {
        self.handle = handle
        return
      }
    }
    return nil
  }

  /// - Parameter type: a C function's pointer, of the type that the symbol has.
  func function<Function>(_ name: String, as type: Function.Type = Function.self) -> Function? {
    dlsym(handle, name).map { unsafeBitCast($0, to: type) }
  }

  func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }
}

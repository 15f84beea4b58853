import Foundation
import JanusSystem

/// Folders that a program makes for its files.
package enum Folder {
  /// Makes a folder, and those that it lies in; one that is there is left as it is.
  package static func make(_ path: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let code = underlying?.domain == NSPOSIXErrorDomain ? Int32(underlying?.code ?? 0) : errno
      throw FileError(path: path, operation: "create the folder", code: code)
    }
  }
}

import Foundation
import JanusSystem

@testable import JanusDownload

extension FuzzTarget {
  /// What a hub says: its lists of files, its refusals, and the heads of its responses.
  static let hubs: [FuzzTarget] =
    HubSettings.Kind.allCases.map { kind in
      FuzzTarget("hub-\(kind.rawValue)", mostBytes: 2048) { input in
        attempt { () throws(DownloadError) in
          let settings = try HubSettings(kind, environment: ["HOME": "/nowhere"])
          let manifest = try Hub.manifest(
            in: Array(input), HTTPTransfer.Response(), address: settings.endpoint, settings,
            RepositoryName.short["1b"]!)
          precondition(isHexadecimal(manifest.commit, count: 40))
          var total = 0
          for file in manifest.files {
            precondition(isSafePath(file.path))
            precondition(URL(string: file.address) != nil, "no address")
            total += file.size
          }
        }
      }
    } + [
      FuzzTarget("hub-head", mostBytes: 2048) { input in
        let transfer = HTTPTransfer(.init(url: "https://example.org"))
        for line in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
          guard transfer.header(UnsafeRawBufferPointer(rebasing: line)) else { break }
        }
        let response = transfer.response
        if let range = response.contentRange {
          precondition(range.bytes.lowerBound >= 0)
        }
        if let tag = response.strongETag {
          precondition(!tag.contains(where: \.isNewline) && tag.utf8.count <= 200)
        }
        _ = (response.contentLength, response.isPage)
        if let wait = Retry.wait(response) { precondition((0...300).contains(wait)) }
        attempt { () throws(DownloadError) in
          let settings = try HubSettings(environment: ["HOME": "/nowhere"])
          throw Hub.error(
            response, Array(input), address: settings.endpoint,
            isStore: (input.first ?? 0) & 1 == 1, settings,
            RepositoryName.short["1b"]!)
        }
      },
      FuzzTarget("partial-blob", mostBytes: 2048) { input in
        // The content's size on the first byte, the rest as the file is found.
        guard let size = input.first else { return }
        PartialBlobFile.shared.with(UnsafeRawBufferPointer(rebasing: input.dropFirst())) { path in
          attempt { () throws(DownloadError) in
            let blob = try PartialBlob(path: path, size: Int(size), rangeBytes: 64)
            precondition((0...blob.size).contains(blob.bytesDone))
            precondition(blob.prefix <= blob.bytesDone)
            for index in blob.done.indices {
              let missing = blob.range(index).count - blob.done[index]
              let bytes = [UInt8](repeating: 0, count: missing)
              var result = Result<Void, DownloadError>.success(())
              bytes.withUnsafeBytes { raw in
                result = Result { () throws(DownloadError) in try blob.append(raw, to: index) }
              }
              try result.get()
            }
            precondition(blob.isComplete)
          }
        }
      },
    ]

  private static func attempt(_ body: () throws(DownloadError) -> Void) {
    do throws(DownloadError) { try body() } catch { checkMessage(error) }
  }
}

/// A file under a name, since a partial content is not opened through links.
private final class PartialBlobFile: @unchecked Sendable {
  static let shared = PartialBlobFile()
  private let folder: URL

  private init() {
    let memory = "/dev/shm"
    let place =
      FileManager.default.isWritableFile(atPath: memory)
      ? URL(filePath: memory) : FileManager.default.temporaryDirectory
    folder = place.appending(path: "fuzzers-\(getpid())")
    try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func with(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    let file = folder.appending(path: "blob")
    try! Data(bytes).write(to: file)
    body(file.path)
    try! FileManager.default.removeItem(at: file)
  }
}

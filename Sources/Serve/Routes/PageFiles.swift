import HTTPTypes
import Hummingbird

/// The page's files, which are part of the program: it is one file that can be copied anywhere.
enum PageFiles {
  struct File: Sendable {
    let type: String
    let bytes: [UInt8]
    /// Changes with the contents.
    let tag: String

    init(_ bytes: [UInt8], _ type: String) {
      self.type = type
      self.bytes = bytes
      // FNV-1a: told apart are versions of our own files, nothing hostile.
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      tag = "\"\(String(hash, radix: 16))\""
    }
  }

  static let all: [String: File] = {
    let script = "text/javascript; charset=utf-8"
    return [
      "/": File(PackageResources.index_html, "text/html; charset=utf-8"),
      "/page/style.css": File(PackageResources.style_css, "text/css; charset=utf-8"),
      "/page/icon.svg": File(PackageResources.icon_svg, "image/svg+xml"),
      "/page/main.js": File(PackageResources.main_js, script),
      "/page/api.js": File(PackageResources.api_js, script),
      "/page/store.js": File(PackageResources.store_js, script),
      "/page/text.js": File(PackageResources.text_js, script),
      "/page/dom.js": File(PackageResources.dom_js, script),
      "/page/dialog.js": File(PackageResources.dialog_js, script),
      "/page/mathml.js": File(PackageResources.mathml_js, script),
      "/page/markdown.js": File(PackageResources.markdown_js, script),
      "/page/picture.js": File(PackageResources.picture_js, script),
      "/page/crop.js": File(PackageResources.crop_js, script),
      "/page/card.js": File(PackageResources.card_js, script),
      "/page/export.js": File(PackageResources.export_js, script),
      "/page/read.js": File(PackageResources.read_js, script),
      "/page/paint.js": File(PackageResources.paint_js, script),
      "/page/conversation.js": File(PackageResources.conversation_js, script),
      "/page/chat.js": File(PackageResources.chat_js, script),
    ]
  }()

  /// Nothing is loaded from elsewhere, nothing inline runs, nobody frames the page.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  static let openAPI = File(PackageResources.openapi_json, "application/json; charset=utf-8")
}

extension Service {
  /// `GET /` and what belongs to it.
  func page(_ call: Call) throws -> Response {
    guard let file = PageFiles.all[call.path] else {
      throw APIError(
        status: 404, "There is nothing at \(quoted(call.path)).", code: "unknown_route")
    }
    var response = file.response(ifNoneMatch: call.head.headerFields[.ifNoneMatch])
    response.headers[.contentSecurityPolicy] = PageFiles.policy
    response.headers[.crossOriginOpenerPolicy] = "same-origin"
    response.headers[.crossOriginResourcePolicy] = "same-origin"
    return response
  }

  /// `GET /openapi.json`
  func openAPI() -> Response { PageFiles.openAPI.response(ifNoneMatch: nil) }
}

extension PageFiles.File {
  func response(ifNoneMatch: String?) -> Response {
    let headers: HTTPFields = [.contentType: type, .eTag: tag, .cacheControl: "no-cache"]
    if let ifNoneMatch, ifNoneMatch.split(separator: ",").contains(where: { $0.trimmed == tag }) {
      return Response(status: .notModified, headers: headers, body: .init())
    }
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension HTTPField.Name {
  static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
  static let crossOriginResourcePolicy = Self("Cross-Origin-Resource-Policy")!
}

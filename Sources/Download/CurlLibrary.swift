import CCurl

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's libcurl, opened at first use.
///
/// Opened and not linked: who never downloads needs no libcurl, and distributions build it in flavours
/// that a linked command would not run with (OpenSSL or GnuTLS, symbols with versions or without).
final class CurlLibrary: @unchecked Sendable {
  static let system: CurlLibrary? = open()

  /// For people: the version and the TLS library that it uses.
  let version: String
  let setopt: UnsafeMutableRawPointer
  let getinfo: UnsafeMutableRawPointer
  let easyInit: ccurl_easy_init
  let easyCleanup: ccurl_easy_cleanup
  let easyError: ccurl_easy_strerror
  let listAppend: ccurl_slist_append
  let listFree: ccurl_slist_free_all
  let multiInit: ccurl_multi_init
  let multiCleanup: ccurl_multi_cleanup
  let multiAdd: ccurl_multi_handle
  let multiRemove: ccurl_multi_handle
  let multiPerform: ccurl_multi_perform
  let multiPoll: ccurl_multi_poll
  let multiRead: ccurl_multi_info_read
  /// Seconds since 1970 in UTC of a date as HTTP writes it, or −1.
  let getDate: ccurl_getdate

  #if canImport(Darwin)
    private static let names = ["/usr/lib/libcurl.4.dylib"]
  #else
    private static let names = ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"]
  #endif

  private static func open() -> CurlLibrary? {
    for name in names {
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      if let curl = CurlLibrary(library) { return curl }
      dlclose(library)
    }
    return nil
  }

  private init?(_ library: UnsafeMutableRawPointer) {
    func symbol<Function>(_ name: String, _: Function.Type) -> Function? {
      dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
    }
    guard let globalInit = symbol("curl_global_init", ccurl_global_init.self),
      let setopt = dlsym(library, "curl_easy_setopt"),
      let getinfo = dlsym(library, "curl_easy_getinfo"),
      let easyInit = symbol("curl_easy_init", ccurl_easy_init.self),
      let easyCleanup = symbol("curl_easy_cleanup", ccurl_easy_cleanup.self),
      let easyError = symbol("curl_easy_strerror", ccurl_easy_strerror.self),
      let listAppend = symbol("curl_slist_append", ccurl_slist_append.self),
      let listFree = symbol("curl_slist_free_all", ccurl_slist_free_all.self),
      let multiInit = symbol("curl_multi_init", ccurl_multi_init.self),
      let multiCleanup = symbol("curl_multi_cleanup", ccurl_multi_cleanup.self),
      let multiAdd = symbol("curl_multi_add_handle", ccurl_multi_handle.self),
      let multiRemove = symbol("curl_multi_remove_handle", ccurl_multi_handle.self),
      let multiPerform = symbol("curl_multi_perform", ccurl_multi_perform.self),
      // Of 2019; older ones are not looked for.
      let multiPoll = symbol("curl_multi_poll", ccurl_multi_poll.self),
      let multiRead = symbol("curl_multi_info_read", ccurl_multi_info_read.self),
      let getDate = symbol("curl_getdate", ccurl_getdate.self),
      let version = symbol("curl_version", ccurl_version.self),
      globalInit(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    else { return nil }
    self.setopt = setopt
    self.getinfo = getinfo
    self.easyInit = easyInit
    self.easyCleanup = easyCleanup
    self.easyError = easyError
    self.listAppend = listAppend
    self.listFree = listFree
    self.multiInit = multiInit
    self.multiCleanup = multiCleanup
    self.multiAdd = multiAdd
    self.multiRemove = multiRemove
    self.multiPerform = multiPerform
    self.multiPoll = multiPoll
    self.multiRead = multiRead
    self.getDate = getDate
    self.version = version().map { String(cString: $0) } ?? "libcurl"
  }
}

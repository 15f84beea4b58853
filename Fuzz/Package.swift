// swift-tools-version: 6.2
import PackageDescription

/// Every module here is the project's own source, compiled with coverage and AddressSanitizer. The folders
/// `Sources` and `Tools` are links to the project's, so that each path reads as in its Package.swift.
let fuzzed: [SwiftSetting] = [
  .unsafeFlags(["-O", "-sanitize=fuzzer,address", "-Xcc", "-fsanitize=address"])
]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng"),
    .systemLibrary(name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg"),
    .systemLibrary(name: "CPictureLibraries", path: "Sources/CPictureLibraries"),
    .target(
      name: "JanusImages", dependencies: ["CPNG", "CJPEG", "CPictureLibraries"],
      path: "Sources/Images", swiftSettings: fuzzed),

    .executableTarget(
      name: "fuzzers", dependencies: ["JanusImages"], path: "Fuzzers",
      swiftSettings: fuzzed + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
)

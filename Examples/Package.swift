// swift-tools-version: 6.2
import PackageDescription

/// Programs that use the library as everybody can: plain imports, no server, no command.
let janusLite: Target.Dependency = .product(name: "JanusLite", package: "janus-lite")

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "janus-lite", path: "..", traits: [])],
  targets: ["ReadFormula", "Chat", "Paint"].map { name in
    .executableTarget(name: name, dependencies: [janusLite])
  } + [.testTarget(name: "ClientTests", dependencies: [janusLite])])

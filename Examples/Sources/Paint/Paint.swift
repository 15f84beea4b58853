// Paints a picture and tells how far it is: Paint MODEL.gguf PROMPT PICTURE.png
import Foundation
import JanusLite

@main enum Paint {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4 else { fatalError("usage: Paint MODEL.gguf PROMPT PICTURE.png") }
    let model = try await Janus.open(path: arguments[1])
    let painter = try Painter(model)
    let total = painter.codesPerPicture
    let pictures = try await painter.paint(arguments[2], seeds: [1]) { done in
      if done.isMultiple(of: 100) || done == total { print("\(done) of \(total) codes") }
    }
    try Data(pictures[0].encodePNG()).write(to: URL(filePath: arguments[3]))
  }
}

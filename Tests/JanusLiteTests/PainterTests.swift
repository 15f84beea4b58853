import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

@Suite struct PainterTests {
  @Test func aPreviewShowsTheLinesThereAreAndGreyBelow() throws {
    let painter = try Painter(try Fixture.all[0].model(.int8))
    let codes = (0..<painter.codesPerPicture).map { $0 * 5 % 200 }
    let whole = try painter.picture(codes)
    #expect(try painter.preview(codes) == whole)

    let lines = 3
    // Codes of a line that is not complete show nothing.
    let preview = try painter.preview(Array(codes.prefix(lines * painter.codesPerLine + 2)))
    #expect(preview.width == whole.width && preview.height == whole.height)
    let known = lines * whole.height / painter.codesPerLine * whole.width * 3
    #expect(preview.bytes[known...].allSatisfy { $0 == 128 })
    #expect(!preview.bytes[..<known].allSatisfy { $0 == 128 })
    #expect(try painter.preview([]).bytes.allSatisfy { $0 == 128 })
  }
}

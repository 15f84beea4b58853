// Reads the formula in a picture: ReadFormula MODEL.gguf PICTURE
import JanusLite

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("usage: ReadFormula MODEL.gguf PICTURE") }
let reader = try FormulaReader(Janus(path: arguments[1]))
let formula = try reader.read(Picture(contentsOf: arguments[2]))
print(formula.latex)

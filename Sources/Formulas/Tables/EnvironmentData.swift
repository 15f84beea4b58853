/// Environments, one a line: `name kind columns slots cells [package]`.
///
/// `kind` is `grid` (a matrix or array), `rows` (lines that align), `display` (lines that stand in
/// the text by themselves) or `wrapper` (one displayed formula). `columns` is how many a row may have:
/// a number, `*` for any, `=` for as many as the columns' argument tells. `slots` are as in
/// `ConstructData`. `cells` are letters of formatting: d displayed, c l r alternating alignment.
enum EnvironmentData {
  static let all = """
    array grid = pc c
    subarray grid = c c
    matrix grid * - c
    pmatrix grid * - c
    bmatrix grid * - c
    Bmatrix grid * - c
    vmatrix grid * - c
    Vmatrix grid * - c
    smallmatrix grid * - c
    matrix* grid * R c mathtools
    pmatrix* grid * R c mathtools
    bmatrix* grid * R c mathtools
    Bmatrix* grid * R c mathtools
    vmatrix* grid * R c mathtools
    Vmatrix* grid * R c mathtools
    psmallmatrix grid * - c mathtools
    bsmallmatrix grid * - c mathtools
    Bsmallmatrix grid * - c mathtools
    vsmallmatrix grid * - c mathtools
    Vsmallmatrix grid * - c mathtools
    cases grid 2 - l
    dcases grid 2 - l mathtools
    rcases grid 2 - l mathtools
    drcases grid 2 - l mathtools
    aligned rows * p rl
    alignedat rows * pn rl
    gathered rows 1 p c
    split rows 2 - rl
    multlined rows 1 p c mathtools
    lgathered rows 1 p l mathtools
    rgathered rows 1 p r mathtools
    align display * - rl
    align* display * - rl
    flalign display * - rl
    flalign* display * - rl
    alignat display * n rl
    alignat* display * n rl
    xalignat display * n rl
    gather display 1 - c
    gather* display 1 - c
    multline display 1 - c
    multline* display 1 - c
    eqnarray display 3 - rcl
    eqnarray* display 3 - rcl
    equation wrapper 1 - c
    equation* wrapper 1 - c
    displaymath wrapper 1 - c
    math wrapper 1 - c
    """
}

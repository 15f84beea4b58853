/// Commands with arguments, and commands that steer.
///
/// A line is `name role slots [package]`. Each letter of `slots` is an argument:
///
///     m  a formula: a group, or one symbol          o  [a formula], optional
///     t  text: a group, or one character            T  text in braces
///     d  a delimiter                                q  {a delimiter or nothing}
///     D  {a length}                                 M  {a length in mu}
///     u  a length without braces                    v  a length in mu without braces
///     b  {a length or nothing}
///     L  [a length], optional                       r  {any words}: a colour, a label
///     R  [any words], optional                      n  {a number}
///     p  [a place: t, b, c, l or r], optional       s  a star, optional
///     c  {an array's columns}                       w  {rows of a formula}
///     y  {a digit or nothing}: a style
enum ConstructData {
  static let math = """
    frac construct mm
    dfrac construct mm
    tfrac construct mm
    cfrac construct pmm
    binom construct mm
    dbinom construct mm
    tbinom construct mm
    genfrac construct qqbymm
    sqrt construct om
    root construct om
    overset construct mm
    underset construct mm
    overunderset construct mmm mathtools
    stackrel construct mm
    sideset construct mm
    prescript construct mmm mathtools
    substack operator w
    overline construct m
    underline construct m
    underbar construct m
    overbrace operator m
    underbrace operator m
    overbracket operator LLm mathtools
    underbracket operator LLm mathtools
    overparen operator m mathabx
    underparen operator m mathabx
    overrightarrow construct m
    overleftarrow construct m
    overleftrightarrow construct m
    underrightarrow construct m
    underleftarrow construct m
    underleftrightarrow construct m
    widehat construct m
    widetilde construct m
    widecheck construct m mathabx
    hat construct m
    check construct m
    tilde construct m
    acute construct m
    grave construct m
    dot construct m
    ddot construct m
    dddot construct m
    ddddot construct m
    breve construct m
    bar construct m
    vec construct m
    mathring construct m
    not construct m
    xrightarrow construct om
    xleftarrow construct om
    xleftrightarrow construct om mathtools
    xRightarrow construct om mathtools
    xLeftarrow construct om mathtools
    xLeftrightarrow construct om mathtools
    xmapsto construct om mathtools
    xhookrightarrow construct om mathtools
    xhookleftarrow construct om mathtools
    xrightleftharpoons construct om mathtools
    xleftrightharpoons construct om mathtools
    xlongequal construct om extpfeil
    mathrm construct m
    mathbf construct m
    mathit construct m
    mathsf construct m
    mathtt construct m
    mathnormal construct m
    mathcal construct m
    mathbb construct m
    mathfrak construct m
    mathscr construct m mathrsfs
    mathds construct m dsfont
    mathbbm construct m bbm
    boldsymbol construct m
    pmb construct m
    bm construct m bm
    Bbb construct m
    bold construct m
    frak construct m
    mathop operator m
    mathbin construct m
    mathrel construct m
    mathord construct m
    mathopen construct m
    mathclose construct m
    mathpunct construct m
    mathinner construct m
    mathclap construct m mathtools
    mathllap construct m mathtools
    mathrlap construct m mathtools
    operatorname operator sm
    operatornamewithlimits operator m
    pmod construct m
    pod construct m
    mod construct m
    bmod symbol -
    phantom construct m
    hphantom construct m
    vphantom construct m
    smash construct pm
    boxed construct m
    cancel construct m cancel
    bcancel construct m cancel
    xcancel construct m cancel
    cancelto construct mm cancel
    ensuremath construct m
    hdotsfor cellstart n
    bigl construct d
    bigr construct d
    bigm construct d
    big construct d
    Bigl construct d
    Bigr construct d
    Bigm construct d
    Big construct d
    biggl construct d
    biggr construct d
    biggm construct d
    bigg construct d
    Biggl construct d
    Biggr construct d
    Biggm construct d
    Bigg construct d
    mathstrut space -
    strut space -
    mspace space M
    mkern space v
    mskip space v
    kern space u
    hskip space u
    nonscript space -
    allowbreak space -
    nobreak space -
    relax space -
    displaystyle style -
    textstyle style -
    scriptstyle style -
    scriptscriptstyle style -
    cal font -
    mit font -
    over infix -
    atop infix -
    choose infix -
    brace infix -
    brack infix -
    above infix u
    limits limits -
    nolimits limits -
    displaylimits limits -
    left left -
    right right -
    middle middle -
    begin begin -
    end end -
    hline rowstart -
    cline rowstart r
    hdashline rowstart - arydshln
    toprule rowstart - booktabs
    midrule rowstart - booktabs
    bottomrule rowstart - booktabs
    multicolumn cellstart ncm
    intertext rowtext t
    shortintertext rowtext t mathtools
    tag tag sT
    notag mark -
    nonumber mark -
    label mark r
    """

  /// What may stand in text as well as in a formula, and what may stand in text only (`textonly`).
  static let text = """
    text construct t
    textrm construct t
    textnormal construct t
    textup construct t
    textbf construct t
    textmd construct t
    textit construct t
    textsl construct t
    textsf construct t
    texttt construct t
    textsc construct t
    emph construct t
    mbox construct t
    hbox construct T
    fbox construct t
    textcolor construct Rrm xcolor
    color font Rr xcolor
    colorbox construct Rrt xcolor
    fcolorbox construct Rrrt xcolor
    raisebox construct DT
    rule construct LDD
    hspace space sD
    vspace space sD
    rm font -
    bf font -
    it font -
    sf font -
    tt font -
    sc font -
    sl font -
    rmfamily font -
    sffamily font -
    ttfamily font -
    bfseries font -
    mdseries font -
    itshape font -
    upshape font -
    slshape font -
    scshape font -
    normalfont font -
    em font -
    tiny font -
    scriptsize font -
    footnotesize font -
    small font -
    normalsize font -
    large font -
    Large font -
    LARGE font -
    huge font -
    Huge font -
    centering font -
    noindent font -
    , space -
    : space -
    ; space -
    ! space -
    > space -
    / space -
    - space -
    @ space -
    * space -
    thinspace space -
    medspace space -
    thickspace space -
    negthinspace space -
    negmedspace space -
    negthickspace space -
    enspace space -
    enskip space -
    quad space -
    qquad space -
    space space -
    hfill space -
    hfil space -
    null space -
    \\ newline sL
    cr newline -
    newline newline -
    tabularnewline newline -
    textasciitilde textonly -
    textasciicircum textonly -
    textbackslash textonly -
    textbar textonly -
    textless textonly -
    textgreater textonly -
    textunderscore textonly -
    textquotesingle textonly -
    textquotedblleft textonly -
    textquotedblright textonly -
    textquoteleft textonly -
    textquoteright textonly -
    textendash textonly -
    textemdash textonly -
    textbullet textonly -
    slash textonly -
    textsuperscript textonly T
    textsubscript textonly T
    ' textonly t
    ` textonly t
    ^ textonly t
    ~ textonly t
    " textonly t
    = textonly t
    . textonly t
    c textonly t
    v textonly t
    u textonly t
    H textonly t
    r textonly t
    k textonly t
    b textonly t
    d textonly t
    """

  /// What the text-only commands without an argument print.
  static let textGlyphs = """
    textasciitilde=~ textasciicircum=^ textbackslash=\\ textbar=| textless=< textgreater=>
    textunderscore=_ textquotesingle=' textquotedblleft=“ textquotedblright=” textquoteleft=‘
    textquoteright=’ textendash=– textemdash=— textbullet=• slash=/
    """

  /// Accents of text as combining characters.
  static let textAccents =
    "'=0301 `=0300 ^=0302 ~=0303 \"=0308 ==0304 .=0307 c=0327 v=030C u=0306 H=030B r=030A k=0328 b=0331 d=0323"

  /// Commands that read or write files, run programs, load code, leave the page or change TeX itself,
  /// and how many groups follow them. They are never part of a formula.
  static let forbidden = """
    input=1 include=1 includeonly=1 InputIfFileExists=3 IfFileExists=3 openin=0 openout=0 read=0
    readline=0 write=1 closein=0 closeout=0 immediate=0 special=1 shipout=0 directlua=1
    latelua=1 luaexec=1 luadirect=1 write18=1 ShellEscape=1 shellescape=0 pdfobj=0 pdfcatalog=1
    pdfliteral=1 pdfannot=0 pdfstartlink=0 pdfoutline=0 pdfximage=0 pdffiledump=1 pdfmdfivesum=1
    pdfmapfile=1 pdfmapline=1 pdfinfo=1 pdffilesize=1 pdffilemoddate=1 pdfextension=0
    catcode=0 lccode=0 uccode=0 mathcode=0 delcode=0 sfcode=0 endlinechar=0 escapechar=0
    newlinechar=0 def=2 edef=2 gdef=2 xdef=2 let=3 futurelet=0 newcommand=2 renewcommand=2
    providecommand=2 newenvironment=3 renewenvironment=3 DeclareMathOperator=2
    DeclarePairedDelimiter=3 DeclareRobustCommand=2 NewDocumentCommand=3 RenewDocumentCommand=3
    ProvideDocumentCommand=3 DeclareDocumentCommand=3 NewExpandableDocumentCommand=3
    NewCommandCopy=2 csname=0 endcsname=0 expandafter=0 noexpand=0 string=0 meaning=0 the=0
    number=0 romannumeral=0 jobname=0 uppercase=1 lowercase=1 MakeUppercase=1 MakeLowercase=1
    aftergroup=0 afterassignment=0 everymath=1 everydisplay=1 everypar=1 everyjob=1 everycr=1
    everyhbox=1 everyvbox=1 everyeof=1 output=1 afterpage=1
    AtBeginDocument=1 AtEndDocument=1 AddToHook=2 global=0 long=0 outer=0 protected=0 begingroup=0
    endgroup=0 bgroup=0 egroup=0 count=0 dimen=0 skip=0 muskip=0 toks=0 box=0 copy=0 setbox=0
    advance=0 multiply=0 divide=0 newcount=0 newdimen=0 newskip=0 newtoks=0 newbox=0 newif=0
    newread=0 newwrite=0 newlength=1 setlength=2 addtolength=2 newcounter=1 setcounter=2
    addtocounter=2 stepcounter=1 refstepcounter=1 value=1 loop=0 repeat=0 if=0 ifx=0 ifnum=0
    ifdim=0 ifcase=0 ifodd=0 iftrue=0 iffalse=0 ifmmode=0 ifhmode=0 ifvmode=0 ifeof=0 ifcat=0
    ifdefined=0 ifcsname=0 else=0 fi=0 unless=0 chardef=0 mathchardef=0 countdef=0
    dimendef=0 skipdef=0 toksdef=0 font=0 nullfont=0 batchmode=0 scrollmode=0 nonstopmode=0
    errorstopmode=0 errmessage=1 message=1 typeout=1 typein=1 show=0 showthe=0 showbox=0
    showlists=0 tracingall=0 scantokens=1 detokenize=1 unexpanded=1 primitive=0 everytoks=0
    usepackage=1 RequirePackage=1 documentclass=1 documentstyle=1 PassOptionsToPackage=2
    LoadClass=1 bibliography=1 bibliographystyle=1 addbibresource=1 printbibliography=0
    includegraphics=1 graphicspath=1 includepdf=1 includesvg=1 lstinputlisting=1 verbatiminput=1
    VerbatimInput=1 inputminted=2 import=2 subimport=2 subfile=1 pgfplotstableread=1
    csvreader=3 DTLloaddb=2 url=1 href=2 hyperref=1 hyperlink=2 hypertarget=2 nolinkurl=1
    hypersetup=1 urlstyle=1 embedfile=1 attachfile=1 movie=2 verb=0 verbatim=0 lstinline=0
    mint=1 mintinline=1 ref=1 eqref=1 pageref=1 cite=1 autoref=1 footnote=1 index=1 glossary=1
    marginpar=1 caption=1 section=1 subsection=1 chapter=1 paragraph=1 title=1 author=1 date=1
    maketitle=0 tableofcontents=0 newpage=0 clearpage=0 pagebreak=0 stop=0 dump=0
    makeatletter=0 makeatother=0 ExplSyntaxOn=0 ExplSyntaxOff=0 par=0 halign=1 valign=1
    noalign=1 omit=0 span=0 crcr=0 hrule=0 vrule=0 vbox=1 vtop=1 vcenter=1 vskip=0 insert=0 mark=1
    discretionary=3 accent=0 char=0 mathchar=0 mathaccent=0 radical=0 delimiter=0 mathchoice=4
    mathpalette=2 nulldelimiterspace=0 displaywidth=0 hsize=0 vsize=0 pagestyle=1
    thispagestyle=1 pagenumbering=1 parindent=0 parskip=0 baselineskip=0 arraystretch=0
    """
}

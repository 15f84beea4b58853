/// Commands that print one symbol, as `name=character`, by the class that TeX gives them.
///
/// The names are those of LaTeX, amssymb and the packages that `SymbolData.packages` tells. A name
/// that stands after another one with the same character is its synonym only where `synonyms` says so.
enum SymbolData {
  static let ordinary = """
    alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι
    kappa=κ varkappa=ϰ lambda=λ mu=μ nu=ν xi=ξ pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ
    varsigma=ς tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ psi=ψ omega=ω digamma=ϝ
    Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω
    varGamma=𝛤 varDelta=𝛥 varTheta=𝛩 varLambda=𝛬 varXi=𝛯 varPi=𝛱 varSigma=𝛴 varUpsilon=𝛶
    varPhi=𝛷 varPsi=𝛹 varOmega=𝛺
    aleph=ℵ beth=ℶ gimel=ℷ daleth=ℸ hbar=ℏ hslash=ℏ imath=ı jmath=ȷ ell=ℓ wp=℘ Re=ℜ Im=ℑ
    partial=∂ infty=∞ prime=′ backprime=‵ emptyset=∅ varnothing=∅ nabla=∇ surd=√ top=⊤ bot=⊥
    angle=∠ measuredangle=∡ sphericalangle=∢ triangle=△ triangledown=▽ blacktriangle=▲
    blacktriangledown=▼ square=□ Box=□ blacksquare=■ lozenge=◊ Diamond=◊ blacklozenge=⧫
    bigstar=★ forall=∀ exists=∃ nexists=∄ neg=¬ lnot=¬ flat=♭ natural=♮ sharp=♯ clubsuit=♣
    diamondsuit=♢ heartsuit=♡ spadesuit=♠ complement=∁ eth=ð mho=℧ Finv=Ⅎ Game=⅁ Bbbk=𝕜
    circledS=Ⓢ diagup=╱ diagdown=╲ backslash=\\ degree=° checkmark=✓ maltese=✠ yen=¥
    circledR=® P=¶ S=§ copyright=© pounds=£ dag=† ddag=‡ textregistered=® texttrademark=™
    aa=å AA=Å ae=æ AE=Æ oe=œ OE=Œ o=ø O=Ø ss=ß l=ł L=Ł i=ı j=ȷ
    textdegree=° euro=€ _=_ %=% #=# $=$ &=&
    """

  static let operators = """
    sum=∑ prod=∏ coprod=∐ int=∫ iint=∬ iiint=∭ iiiint=⨌ idotsint=∫⋯∫ oint=∮ oiint=∯ oiiint=∰
    smallint=∫ bigcap=⋂ bigcup=⋃ bigsqcup=⨆ bigvee=⋁ bigwedge=⋀ bigodot=⨀ bigoplus=⨁
    bigotimes=⨂ biguplus=⨄ intop=∫ ointop=∮
    """

  static let binary = """
    pm=± mp=∓ times=× div=÷ ast=∗ star=⋆ circ=∘ bullet=∙ cdot=⋅ centerdot=⋅ cap=∩ cup=∪ uplus=⊎
    sqcap=⊓ sqcup=⊔ vee=∨ wedge=∧ setminus=∖ smallsetminus=∖ wr=≀ diamond=⋄ bigtriangleup=△
    bigtriangledown=▽ triangleleft=◃ triangleright=▹ lhd=⊲ rhd=⊳ unlhd=⊴ unrhd=⊵ oplus=⊕
    ominus=⊖ otimes=⊗ oslash=⊘ odot=⊙ bigcirc=◯ dagger=† ddagger=‡ amalg=⨿ ltimes=⋉ rtimes=⋊
    leftthreetimes=⋋ rightthreetimes=⋌ curlywedge=⋏ curlyvee=⋎ Cap=⋒ Cup=⋓ doublecap=⋒
    doublecup=⋓ dotplus=∔ divideontimes=⋇ boxminus=⊟ boxtimes=⊠ boxdot=⊡ boxplus=⊞
    barwedge=⌅ veebar=⊻ doublebarwedge=⩞ circledast=⊛ circledcirc=⊚ circleddash=⊝ intercal=⊺
    gtrdot=⋗ lessdot=⋖ land=∧ lor=∨
    """

  static let relation = """
    leq=≤ le=≤ geq=≥ ge=≥ equiv=≡ models=⊨ prec=≺ succ=≻ sim=∼ perp=⟂ preceq=⪯ succeq=⪰ simeq=≃
    mid=∣ ll=≪ gg=≫ asymp=≍ parallel=∥ subset=⊂ supset=⊃ approx=≈ bowtie=⋈ subseteq=⊆ supseteq=⊇
    cong=≅ sqsubset=⊏ sqsupset=⊐ Join=⨝ sqsubseteq=⊑ sqsupseteq=⊒ neq=≠ ne=≠ smile=⌣ frown=⌢
    doteq=≐ in=∈ ni=∋ owns=∋ notin=∉ propto=∝ vdash=⊢ dashv=⊣ leqq=≦ geqq=≧ leqslant=⩽
    geqslant=⩾ eqslantless=⪕ eqslantgtr=⪖ lesssim=≲ gtrsim=≳ lessapprox=⪅ gtrapprox=⪆
    approxeq=≊ lll=⋘ ggg=⋙ llless=⋘ gggtr=⋙ lessgtr=≶ gtrless=≷ lesseqgtr=⋚ gtreqless=⋛
    lesseqqgtr=⪋ gtreqqless=⪌ doteqdot=≑ Doteq=≑ risingdotseq=≓ fallingdotseq=≒ circeq=≗
    eqcirc=≖ triangleq=≜ backsim=∽ thicksim=∼ backsimeq=⋍ thickapprox=≈ subseteqq=⫅
    supseteqq=⫆ Subset=⋐ Supset=⋑ preccurlyeq=≼ succcurlyeq=≽ curlyeqprec=⋞ curlyeqsucc=⋟
    precsim=≾ succsim=≿ precapprox=⪷ succapprox=⪸ vartriangleleft=⊲ vartriangleright=⊳
    trianglelefteq=⊴ trianglerighteq=⊵ vDash=⊨ Vdash=⊩ Vvdash=⊪ smallsmile=⌣ smallfrown=⌢
    shortmid=∣ shortparallel=∥ bumpeq=≏ Bumpeq=≎ between=≬ pitchfork=⋔ varpropto=∝
    blacktriangleleft=◀ blacktriangleright=▶ therefore=∴ because=∵ backepsilon=϶
    nless=≮ ngtr=≯ nleq=≰ ngeq=≱ nleqslant=⪇ ngeqslant=⪈ nleqq=≰ ngeqq=≱ lneq=⪇ gneq=⪈
    lneqq=≨ gneqq=≩ lvertneqq=≨ gvertneqq=≩ lnsim=⋦ gnsim=⋧ lnapprox=⪉ gnapprox=⪊ nprec=⊀
    nsucc=⊁ npreceq=⋠ nsucceq=⋡ precneqq=⪵ succneqq=⪶ precnsim=⋨ succnsim=⋩ precnapprox=⪹
    succnapprox=⪺ nsim=≁ ncong=≇ nshortmid=∤ nshortparallel=∦ nmid=∤ nparallel=∦ nvdash=⊬
    nvDash=⊭ nVdash=⊮ nVDash=⊯ ntriangleleft=⋪ ntriangleright=⋫ ntrianglelefteq=⋬
    ntrianglerighteq=⋭ nsubseteq=⊈ nsupseteq=⊉ nsubseteqq=⊈ nsupseteqq=⊉ subsetneq=⊊
    supsetneq=⊋ varsubsetneq=⊊ varsupsetneq=⊋ subsetneqq=⫋ supsetneqq=⫌ varsubsetneqq=⫋
    varsupsetneqq=⫌ vartriangle=△ eqsim=≂ trianglelefteqslant=⊴
    leftarrow=← gets=← rightarrow=→ to=→ Leftarrow=⇐ Rightarrow=⇒ leftrightarrow=↔
    Leftrightarrow=⇔ mapsto=↦ hookleftarrow=↩ hookrightarrow=↪ leftharpoonup=↼
    leftharpoondown=↽ rightharpoonup=⇀ rightharpoondown=⇁ rightleftharpoons=⇌
    leftrightharpoons=⇋ longleftarrow=⟵ longrightarrow=⟶ Longleftarrow=⟸ Longrightarrow=⟹
    longleftrightarrow=⟷ Longleftrightarrow=⟺ longmapsto=⟼ leadsto=⇝ nearrow=↗ searrow=↘
    swarrow=↙ nwarrow=↖ iff=⟺ implies=⟹ impliedby=⟸ dashrightarrow=⇢ dashleftarrow=⇠
    dasharrow=⇢ leftleftarrows=⇇ leftrightarrows=⇆ Lleftarrow=⇚ twoheadleftarrow=↞
    leftarrowtail=↢ looparrowleft=↫ curvearrowleft=↶ circlearrowleft=↺ Lsh=↰ upuparrows=⇈
    upharpoonleft=↿ downharpoonleft=⇃ multimap=⊸ leftrightsquigarrow=↭ rightrightarrows=⇉
    rightleftarrows=⇄ Rrightarrow=⇛ twoheadrightarrow=↠ rightarrowtail=↣ looparrowright=↬
    curvearrowright=↷ circlearrowright=↻ Rsh=↱ downdownarrows=⇊ upharpoonright=↾
    restriction=↾ downharpoonright=⇂ rightsquigarrow=⇝ nleftarrow=↚ nrightarrow=↛
    nLeftarrow=⇍ nRightarrow=⇏ nleftrightarrow=↮ nLeftrightarrow=⇎
    coloneqq=≔ coloneq=≔ eqqcolon=≕ eqcolon=≕ vcentcolon=: Coloneqq=⩴ approxcolon=≈: ratio=∶
    """

  static let opening = """
    langle=⟨ lbrace={ lbrack=[ lfloor=⌊ lceil=⌈ lvert=| lVert=‖ lgroup=⟮ lmoustache=⎰ ulcorner=⌜
    llcorner=⌞ {={ llbracket=⟦
    """

  static let closing = """
    rangle=⟩ rbrace=} rbrack=] rfloor=⌋ rceil=⌉ rvert=| rVert=‖ rgroup=⟯ rmoustache=⎱ urcorner=⌝
    lrcorner=⌟ }=} rrbracket=⟧
    """

  /// Delimiters that are neither opening nor closing by themselves.
  static let fences = """
    vert=| Vert=‖ |=‖ uparrow=↑ downarrow=↓ updownarrow=↕ Uparrow=⇑ Downarrow=⇓ Updownarrow=⇕
    arrowvert=⏐ Arrowvert=‖ bracevert=⎪
    """

  static let punctuation = "colon=: ldotp=. cdotp=⋅"

  /// Dots and what else behaves like an inner formula.
  static let inner = """
    ldots=… cdots=⋯ dots=… vdots=⋮ ddots=⋱ dotsc=… dotsb=⋯ dotsm=⋯ dotsi=⋯ dotso=… mathellipsis=…
    textellipsis=… iddots=⋰ adots=⋰ hdots=…
    """

  /// Delimiters that may follow `\left`, beside the characters `( ) [ ] | / . < >`.
  static let delimiters = """
    langle lbrace lbrack lfloor lceil lvert lVert lgroup lmoustache ulcorner llcorner { rangle
    rbrace rbrack rfloor rceil rvert rVert rgroup rmoustache urcorner lrcorner } vert Vert |
    uparrow downarrow updownarrow Uparrow Downarrow Updownarrow arrowvert Arrowvert bracevert
    backslash llbracket rrbracket
    """

  /// Symbols that may stand in text, too.
  static let textual = """
    _ % # $ & { } P S copyright pounds dag ddag textregistered texttrademark aa AA ae AE oe OE o O
    ss l L i j textdegree euro ldots dots textellipsis yen checkmark circledR maltese
    """

  /// Symbols that stand in text only; in a formula they need `\text`.
  static let textOnly = """
    textregistered texttrademark aa AA ae AE oe OE o O ss l L i j textdegree euro textellipsis
    """

  /// Other spellings, `spelling=canonical`: both print the same and mean the same.
  static let synonyms = """
    le=leq ge=geq ne=neq to=rightarrow gets=leftarrow land=wedge lor=vee lnot=neg owns=ni
    lbrace={ rbrace=} Vert=| dag=dagger ddag=ddagger doublecap=Cap
    doublecup=Cup llless=lll gggtr=ggg Doteq=doteqdot restriction=upharpoonright
    dasharrow=dashrightarrow mathellipsis=ldots hdots=ldots
    """

  /// Commands that LaTeX does not know and other writers of formulas do, and what they stand for.
  static let foreign = #"""
    omicron=o Omicron=O empty=\emptyset infin=\infty isin=\in sub=\subset sube=\subseteq supe=\supseteq real=\Re
    image=\Im alef=\aleph alefsym=\aleph weierp=\wp and=\wedge or=\vee harr=\leftrightarrow
    lArr=\Leftarrow rArr=\Rightarrow hArr=\Leftrightarrow larr=\leftarrow rarr=\rightarrow
    uarr=\uparrow darr=\downarrow exist=\exists plusmn=\pm thetasym=\vartheta bull=\bullet
    lang=\langle rang=\rangle sdot=\cdot R=\mathbb{R} N=\mathbb{N} Z=\mathbb{Z} Q=\mathbb{Q}
    Complex=\mathbb{C} reals=\mathbb{R} Reals=\mathbb{R} natnums=\mathbb{N} cnums=\mathbb{C}
    argmax=\operatorname*{argmax} argmin=\operatorname*{argmin} arcctg=\operatorname{arcctg}
    ctg=\operatorname{ctg} tg=\operatorname{tg} sh=\operatorname{sh} ch=\operatorname{ch}
    th=\operatorname{th} cth=\operatorname{cth} cosec=\operatorname{cosec}
    sech=\operatorname{sech} csch=\operatorname{csch} arctg=\operatorname{arctg}
    arsinh=\operatorname{arsinh} arcosh=\operatorname{arcosh} artanh=\operatorname{artanh}
    arcsinh=\operatorname{arcsinh} arccosh=\operatorname{arccosh} sgn=\operatorname{sgn}
    arctanh=\operatorname{arctanh} sign=\operatorname{sign} tr=\operatorname{tr}
    Tr=\operatorname{Tr} rank=\operatorname{rank} diag=\operatorname{diag}
    span=\operatorname{span} erf=\operatorname{erf} grad=\operatorname{grad}
    curl=\operatorname{curl} Var=\operatorname{Var} Cov=\operatorname{Cov} dd=\mathrm{d}
    mathsfit=\mathsf mathbfit=\mathbf mathbold=\mathbf symbf=\mathbf symrm=\mathrm
    symup=\mathrm symcal=\mathcal symbb=\mathbb symfrak=\mathfrak mathup=\mathrm
    widebar=\overline wideparen=\widehat lbracket=[ rbracket=] textbackslash=\backslash
    Alpha=\mathrm{A} Beta=\mathrm{B} Epsilon=\mathrm{E} Zeta=\mathrm{Z} Eta=\mathrm{H}
    Iota=\mathrm{I} Kappa=\mathrm{K} Mu=\mathrm{M} Nu=\mathrm{N} Omicron=\mathrm{O}
    Rho=\mathrm{P} Tau=\mathrm{T} Chi=\mathrm{X} roman=\mathrm restriction=\upharpoonright
    """#

  /// What a document has to load beside amsmath and amssymb.
  static let packages = """
    coloneqq=mathtools coloneq=mathtools eqqcolon=mathtools eqcolon=mathtools
    vcentcolon=mathtools Coloneqq=mathtools approxcolon=mathtools ratio=colonequals
    llbracket=stmaryrd rrbracket=stmaryrd oiint=esint oiiint=esint iddots=mathdots adots=mathdots
    degree=gensymb euro=eurosym
    """

  /// Functions whose name is printed upright; those behind `|` take limits below in displays.
  static let functions = """
    arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan
    tanh
    | det gcd inf lim max min Pr sup limsup liminf injlim projlim varlimsup varliminf varinjlim
    varprojlim
    """
}

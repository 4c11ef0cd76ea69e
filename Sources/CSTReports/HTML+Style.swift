extension HTML {
  /// The style sheet of every page: one set of colours for light mode, one for dark.
  static let style = """

    :root { --paper: #ffffff; --ink: #1d2330; --soft: #5d6675; --line: #d9dde4; --track: #eceff3; --good: #2f6fdb;
      --grey: #98a1af; --s0: #2f6fdb; --s1: #c2570c; --s2: #1a8a5a; --s3: #9333b8; --s4: #b58900; --s5: #c03058; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #14171d; --ink: #e6e9ef; --soft: #9aa3b2; --line: #333a46; --track: #232934; --good: #6ea0f5;
        --grey: #6b7483; --s0: #6ea0f5; --s1: #f0934e; --s2: #4fc592; --s3: #c98be6; --s4: #e0b93f; --s5: #f07f9f; }
    }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; }
    h3 { font-size: 1rem; margin: 1.75rem 0 0.5rem; overflow-wrap: anywhere; }
    small, .note { color: var(--soft); font-size: 0.82rem; font-weight: normal; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; vertical-align: top; padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--line); }
    th[scope="row"] { font-weight: 600; min-width: 10rem; } th small { display: block; }
    .replies { table-layout: fixed; min-width: 44rem; } .replies thead td, .replies th[scope="row"] { width: 6rem; min-width: 0; }
    .reply { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.92rem; }
    .verdict { font-size: 0.72rem; border: 1px solid; border-radius: 1em; padding: 0 0.6em; }
    .answer { color: var(--s2); } .refusal { color: var(--s1); } .unusable { color: var(--soft); }
    .bar { display: block; width: 100%; min-width: 8rem; height: 8px; margin-top: 0.3rem; }
    .track { fill: var(--track); } .good { fill: var(--good); } .grey { fill: var(--grey); }
    .whisker { stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem; }
    figure { margin: 0; } figcaption { font-weight: 600; }
    figure > svg { width: 100%; height: auto; } figure text { fill: var(--soft); font-size: 12px; }
    .end { text-anchor: end; } .middle { text-anchor: middle; }
    .grid { stroke: var(--line); } .axis { stroke: var(--soft); }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } .dashed { stroke-dasharray: 6 5; }
    .s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
    .s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
    .legend { margin: 0; display: flex; flex-wrap: wrap; gap: 0 1.25rem; font-size: 0.85rem; }
    .key svg { width: 24px; height: 8px; margin-right: 0.4em; vertical-align: middle; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.5rem; margin: 0; }
    dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }

    """
}

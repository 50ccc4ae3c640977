"use strict";
// Draws the report from the JSON in the page. No network, no state but the charts.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Okabe and Ito's palette: told apart with every common colour-vision deficiency.
  const palette = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f8a00", "#7f7f7f"];
  const sequential = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];
  const diverging = ["#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b"];
  const charts = [];

  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const number = (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return String(value);
    if (Number.isInteger(value)) return value.toLocaleString("en");
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-3 ? value.toExponential(3) : String(+value.toPrecision(5));
  };
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const base = (figure) => ({
    animation: false,
    aria: { enabled: true, decal: { show: false }, label: { description: `${figure.title}. ${figure.caption || ""}` } },
    color: palette,
    textStyle: { color: style("--ink"), fontFamily: font() },
    grid: { left: 8, right: 16, top: 56, bottom: 30, containLabel: true },
    tooltip: { trigger: "item", confine: true, backgroundColor: style("--paper"), borderColor: style("--line"),
      textStyle: { color: style("--ink") } },
  });
  // The labels' own font: the room for them is measured without a look at the chart's.
  const font = () => getComputedStyle(document.body).fontFamily;
  const label = (more) => ({ color: style("--soft"), fontFamily: font(), ...more });
  // Numbers may be left out where they stand close, names may not: long ones lean.
  const names = (texts, lean = texts.join("").length > 28 ? 32 : 0) => label(
    texts.length < 25 && texts.some(isNaN) ? { interval: 0, rotate: lean } : { hideOverlap: true });
  const axis = (name, more) => ({
    name, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: style("--soft") },
    axisLabel: label({ hideOverlap: true }), axisLine: { onZero: false, lineStyle: { color: style("--line") } },
    splitLine: { lineStyle: { color: style("--line"), opacity: 0.5 } }, ...more,
  });
  // The name of a value axis stands over its end: beside the labels it would need their width.
  const valueAxis = (name) => axis(name, { type: "value", nameLocation: "end", nameGap: 10,
    nameTextStyle: { color: style("--soft"), align: "left" }, axisLabel: label({ formatter: number }) });
  const legend = (names) => names.length < 2 ? undefined
    : { data: names, type: "scroll", top: 4, itemGap: 18, textStyle: { color: style("--ink") }, pageTextStyle: { color: style("--ink") },
      pageIconColor: style("--ink"), pageIconInactiveColor: style("--line") };
  // Colour and mark together tell more groups apart than either alone.
  const mark = (i) => symbols[(i + Math.floor(i / palette.length)) % symbols.length];
  // Shaded stretches reach half a step around their points, which a category axis cannot say: a hidden
  // axis of numbers lies over it.
  const spanAxis = (figure) => ({ type: "value", show: false, min: -0.5, max: figure.x.length - 0.5, axisPointer: { show: false } });
  const spanSeries = (figure) => ({
    type: "line", name: "scales", xAxisIndex: 1, data: [], silent: true, tooltip: { show: false },
    markArea: { silent: true, label: { color: style("--soft"), position: "insideBottom", fontSize: 11 },
      data: figure.spans.map((span, i) => [
        { name: span.name, xAxis: span.first - 0.5, itemStyle: { color: style("--line"), opacity: i % 2 ? 0.15 : 0.4 } },
        { xAxis: span.last + 0.5 }]) },
  });
  const symbols = ["circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect", "emptyCircle"];

  const band = (series, index) => !series.low ? [] : [
    { name: `${series.name}, lower end`, type: "line", data: series.low, stack: `band${index}`, lineStyle: { opacity: 0 }, symbol: "none",
      silent: true, tooltip: { show: false } },
    { name: `${series.name}, upper end`, type: "line", stack: `band${index}`, lineStyle: { opacity: 0 }, symbol: "none", silent: true,
      data: series.high.map((high, i) => high === null || series.low[i] === null ? null : high - series.low[i]),
      areaStyle: { opacity: 0.18, color: palette[index % palette.length] }, stackStrategy: "all", tooltip: { show: false } },
  ];
  const BAR = 42;
  const interval = (s, i) => number(s.values[i])
    + (s.low && s.low[i] !== null ? ` [${number(s.low[i])}, ${number(s.high[i])}]` : "");
  // The interval of each bar as a line over its middle.
  const whiskers = (s, place, count) => s.low && {
    name: s.name, type: "custom", silent: true, z: 3, encode: { x: 0, y: [1, 2] },
    data: s.low.flatMap((low, x) => low === null || s.high[x] === null ? [] : [[x, low, s.high[x]]]),
    renderItem: (params, api) => {
      const shift = api.barLayout({ barMaxWidth: BAR, count })[place].offsetCenter;
      const [low, high] = [1, 2].map((k) => api.coord([api.value(0), api.value(k)]));
      return { type: "line", shape: { x1: low[0] + shift, y1: low[1], x2: high[0] + shift, y2: high[1] },
        style: { stroke: style("--ink"), lineWidth: 1.5 } };
    },
  };

  const options = {
    lines: (figure) => ({
      ...base(figure),
      tooltip: { ...base(figure).tooltip, trigger: "axis", valueFormatter: number },
      legend: legend(figure.series.map((s) => s.name)),
      xAxis: [axis(figure.xLabel, { type: "category", data: figure.x, boundaryGap: figure.spans.length > 0,
        axisLabel: label({ hideOverlap: true, alignMaxLabel: figure.spans.length > 0 ? null : "right" }) }), spanAxis(figure)],
      yAxis: { ...valueAxis(figure.yLabel), scale: true },
      series: [spanSeries(figure)].concat(figure.series.flatMap((s, i) => [
        ...band(s, i),
        { name: s.name, type: "line", data: s.values, symbol: mark(i), symbolSize: 7,
          itemStyle: { color: palette[i % palette.length] },
          lineStyle: { width: 2, color: palette[i % palette.length], type: i >= palette.length ? "dashed" : "solid" } },
      ])),
    }),
    bars: (figure) => ({
      ...base(figure),
      tooltip: { ...base(figure).tooltip, trigger: "axis", formatter: (all) => {
        const bars = all.filter((p) => p.seriesType === "bar");
        return [figure.x[all[0].dataIndex], ...bars.map((p) =>
          `${p.marker}${p.seriesName} <b>${interval(figure.series[p.seriesIndex], p.dataIndex)}</b>`)].join("<br>");
      } },
      legend: legend(figure.series.map((s) => s.name)),
      xAxis: axis("", { type: "category", data: figure.x, axisLabel: names(figure.x) }),
      yAxis: valueAxis(figure.yLabel),
      series: [
        ...figure.series.map((s) => ({ name: s.name, type: "bar", data: s.values, barMaxWidth: BAR })),
        ...figure.series.map((s, i) => whiskers(s, i, figure.series.length)).filter((s) => s),
      ],
    }),
    heatmap: (figure) => {
      const faint = (x, y) => figure.faint && figure.faint[y][x];
      const cells = figure.values.flatMap((row, y) => row.map((value, x) => [x, y, value === null ? "-" : value]));
      const finite = cells.map((c) => c[2]).filter((v) => typeof v === "number");
      let low = Math.min(...finite), high = Math.max(...finite);
      if (figure.scale === "diverging") { high = Math.max(Math.abs(low), Math.abs(high)); low = -high; }
      return {
        ...base(figure),
        tooltip: { ...base(figure).tooltip, formatter: (p) =>
          `${figure.rows[p.value[1]]} – ${figure.columns[p.value[0]]}<br><b>${number(p.value[2])}</b> ${figure.unit || ""}`
          + (faint(p.value[0], p.value[1]) ? "<br>not significant" : "") },
        grid: { left: 8, right: 92, top: 12, bottom: 30, containLabel: true },
        xAxis: axis(figure.xLabel, { type: "category", data: figure.columns, splitArea: { show: false },
          axisLabel: names(figure.columns) }),
        yAxis: axis(figure.yLabel, { type: "category", data: figure.rows, inverse: true, nameGap: 46, axisLabel: names(figure.rows, 0) }),
        visualMap: { min: low, max: high === low ? low + 1 : high, calculable: true, orient: "vertical", right: 0, top: "middle",
          itemHeight: 150, textStyle: { color: style("--soft") }, formatter: number,
          inRange: { color: figure.scale === "diverging" ? diverging : sequential } },
        series: [{ type: "heatmap", data: cells.map((c) => faint(c[0], c[1])
          ? { value: c, visualMap: false, itemStyle: { color: style("--line") } } : c), emphasis: { itemStyle: { borderColor: style("--ink"), borderWidth: 1 } } }],
      };
    },
    scatter: (figure) => ({
      ...base(figure),
      tooltip: { ...base(figure).tooltip, formatter: (p) =>
        `${p.seriesName}${p.data.name ? ": " + p.data.name : ""}<br>${number(p.value[0])}, ${number(p.value[1])}` },
      legend: legend(figure.groups.map((g) => g.name)),
      xAxis: axis(figure.xLabel, { type: "value", scale: true, axisLabel: label({ formatter: number }) }),
      yAxis: { ...valueAxis(figure.yLabel), scale: true },
      series: figure.groups.map((g, i) => ({
        name: g.name, type: "scatter", symbolSize: 6, symbol: mark(i), itemStyle: { opacity: 0.75 },
        data: g.points.map((point, j) => ({ value: point, name: g.labels ? g.labels[j] : "" })),
      })),
    }),
  };

  const table = (columns, rows) => {
    const numeric = columns.map((_, j) => rows.some((row) => typeof row[j] === "number"));
    const cell = (value, j) => {
      const text = number(value);
      return element("td", { class: numeric[j] ? "number" : text.length > 40 ? "long" : "" }, text);
    };
    return element("div", { class: "scroll", tabindex: "0" }, element("table", {},
      element("thead", {}, element("tr", {}, ...columns.map((name, j) =>
        element("th", { scope: "col", class: numeric[j] ? "number" : "" }, name)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell))))));
  };
  // The same numbers as text, for screen readers and for copying.
  const asTable = {
    lines: (f) => table([f.xLabel || "x", ...f.series.map((s) => s.name)], f.x.map((x, i) => [String(x), ...f.series.map((s) => s.values[i])])),
    bars: (f) => table(["", ...f.series.map((s) => s.name)], f.x.map((x, i) => [String(x),
      ...f.series.map((s) => s.low ? interval(s, i) : s.values[i])])),
    heatmap: (f) => table(["", ...f.columns], f.values.map((row, i) => [f.rows[i], ...row])),
    scatter: (f) => table(["group", f.xLabel, f.yLabel], f.groups.flatMap((g) => g.points.slice(0, 200).map((p) => [g.name, ...p]))),
  };

  const draw = (figure) => {
    const wide = figure.kind === "table";
    const node = element("figure", { class: wide ? "wide" : figure.kind === "lines" || figure.kind === "bars" ? "" : "square" },
      element("h3", {}, figure.title));
    if (figure.caption) node.append(element("p", { class: "caption" }, figure.caption));
    if (figure.kind === "table") {
      node.append(table(figure.columns, figure.rows));
      return node;
    }
    const chart = element("div", { class: "chart", role: "img", "aria-label": `${figure.title}. ${figure.caption || ""}` });
    node.append(chart);
    const numbers = element("details", {}, element("summary", {}, "Numbers"));
    numbers.addEventListener("toggle", () => {
      if (numbers.open && numbers.childElementCount === 1) numbers.append(asTable[figure.kind](figure));
    });
    node.append(numbers);
    charts.push({ chart, figure });
    return node;
  };

  document.getElementById("summary").textContent = data.summary;
  for (const section of data.sections) {
    document.getElementById("contents").append(element("a", { href: `#${section.id}` }, section.title));
    const figures = element("div", { class: "figures" });
    document.getElementById("main").append(element("section", { id: section.id, "aria-labelledby": `${section.id}-title` },
      element("h2", { id: `${section.id}-title` }, section.title), element("p", { class: "text" }, section.text), figures));
    for (const figure of section.figures) figures.append(draw(figure));
  }
  const list = document.getElementById("provenance");
  const define = (name, value) => list.append(element("dt", {}, name), element("dd", {}, value));
  for (const [name, value] of Object.entries(data.provenance)) {
    define(name, value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  define("seconds", Object.entries(data.seconds).map(([phase, s]) => `${phase} ${number(+s.toFixed(3))}`).join(", "));

  const render = () => {
    for (const entry of charts) {
      if (entry.instance) entry.instance.dispose();
      entry.instance = echarts.init(entry.chart, null, { renderer: "svg" });
      entry.instance.setOption(options[entry.figure.kind](entry.figure));
    }
  };
  render();
  dark.addEventListener("change", render);
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => charts.forEach((entry) => entry.instance.resize()), 80);
  });
})();

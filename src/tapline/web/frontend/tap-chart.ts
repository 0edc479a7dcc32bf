// <tap-chart points="[[unix seconds, taps], …]" step="seconds" zone="Europe/Berlin" label="…">:
// people's taps over time, by the clock of the workspace and in the language of the page.
// The chart lives in a shadow root, so that the live report can be morphed around it; new points
// arrive as a changed attribute.

import uPlot from "uplot";
// Bundled as text: a style sheet of the page would not reach into the shadow root.
import chartCss from "uplot/dist/uPlot.min.css" with { type: "text" };

const HEIGHT_PX = 220;
const DIGIT_PX = 7.5; // of the axis' font, at most
const AXIS_PX = { least: 44, besides: 16 };
const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
// Taps are counted by the step: no mark on the axis may pretend to know more.
const MARKS = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 2880, 10080].map((m) => m * MINUTE);

// What the bar under the pointer says. It keeps its room, so that nothing jumps.
const READOUT_CSS =
  "p { margin: 0; min-height: 1.5em; font-size: 0.875rem; text-align: right;" +
  " font-variant-numeric: tabular-nums; }";

type Point = [number, number];

export class TapChart extends HTMLElement {
  static observedAttributes = ["points", "step"];

  private chart: uPlot | undefined;
  private place: HTMLElement | undefined;
  private readonly readout = document.createElement("p");
  private readonly resizer = new ResizeObserver(() => this.fit());

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(chartCss + READOUT_CSS);
    root.adoptedStyleSheets = [sheet];
    root.appendChild(this.readout);
    this.place = root.appendChild(document.createElement("div"));
    this.draw();
    this.resizer.observe(this);
  }

  disconnectedCallback(): void {
    this.resizer.disconnect();
    this.chart?.destroy();
    this.chart = undefined;
    this.shadowRoot?.replaceChildren();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || this.chart === undefined) {
      return;
    }
    // Coarser steps mean other bars and another axis.
    if (name === "step") {
      this.draw();
    } else {
      this.chart.setData(this.data());
    }
  }

  private draw(): void {
    this.chart?.destroy();
    this.chart = new uPlot(this.options(), this.data(), this.place);
  }

  private get step(): number {
    return Number(this.getAttribute("step") ?? MINUTE);
  }

  private data(): uPlot.AlignedData {
    const points = JSON.parse(this.getAttribute("points") ?? "[]") as Point[];
    return [points.map((point) => point[0]), points.map((point) => point[1])];
  }

  private fit(): void {
    if (this.chart !== undefined && this.clientWidth > 0) {
      this.chart.setSize({ width: this.clientWidth, height: HEIGHT_PX });
    }
  }

  private options(): uPlot.Options {
    const style = getComputedStyle(this);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: colour("--quiet"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    const language = document.documentElement.lang || undefined;
    const zone = this.getAttribute("zone") ?? undefined;
    const number = new Intl.NumberFormat(language);
    const wholeNumbers = (_: uPlot, values: number[]): string[] =>
      values.map((value) => (Number.isInteger(value) ? number.format(value) : ""));
    const widest = (_: uPlot, values: string[] | null): number =>
      Math.max(
        AXIS_PX.least,
        AXIS_PX.besides + DIGIT_PX * Math.max(0, ...(values ?? []).map((value) => value.length)),
      );
    const told = (parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
      new Intl.DateTimeFormat(language, { ...parts, timeZone: zone });
    const clock = told({ hour: "2-digit", minute: "2-digit" });
    const day = told({ month: "short", day: "numeric" });
    const times = (_: uPlot, moments: number[], _axis: number, _space: number, step: number) =>
      moments.map((at) => (step < DAY ? clock : day).format(at * 1000));
    const step = this.step;
    const moment = told({
      weekday: "short",
      month: "short",
      day: "numeric",
      ...(step < DAY ? { hour: "2-digit", minute: "2-digit" } : {}),
    });
    const label = this.getAttribute("label") ?? "";
    const readOut = (chart: uPlot): void => {
      const at = chart.cursor.idx;
      const time = at == null ? undefined : chart.data[0][at];
      const taps = at == null ? undefined : chart.data[1]?.[at];
      this.readout.textContent =
        time === undefined || taps == null ? "" : `${moment.format(time * 1000)}: ${label} ${number.format(taps)}`;
    };
    return {
      width: this.clientWidth || 600,
      height: HEIGHT_PX,
      legend: { show: false },
      // Marks stand at the full hours and days of that clock.
      tzDate: (at) => (zone ? uPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000)),
      // Phones must scroll the page when a finger moves over the chart.
      cursor: { drag: { x: false, y: false } },
      hooks: { setCursor: [readOut] },
      // Half a step on either side, so that the first and last bars are whole.
      scales: {
        x: { range: (_u, min, max) => [min - step / 2, max + step / 2] },
        y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.1)] },
      },
      axes: [{ ...axis, size: 30, incrs: MARKS.filter((mark) => mark >= step), values: times }, { ...axis, size: widest, values: wholeNumbers }],
      series: [
        {},
        {
          label,
          stroke: colour("--accent"),
          fill: colour("--accent-soft"),
          width: 1,
          paths: uPlot.paths.bars?.({ size: [0.9, 60, 1] }),
          points: { show: false },
        },
      ],
    };
  }
}

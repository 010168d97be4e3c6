/** Metrics of several runs as a table. */
import { meanOfSeries, type Series, type Unit } from "../bench/metrics.ts";
import { formatNs, formatTable } from "./table.ts";

const LEVEL = 0.95;

export function metricsTable(series: readonly Series[]): string {
  const rows = series.map((one) => {
    const show = (value: number): string => formatValue(value, one.unit);
    const { values } = one;
    const mean = meanOfSeries(one, LEVEL);
    const interval = mean === undefined ? "" : `${show(mean.low)} to ${show(mean.high)}`;
    const ends = [Math.min(...values), Math.max(...values)].map(show);
    return [one.name, show(mean?.estimate ?? values[0]!), interval, ...ends];
  });
  return formatTable([["metric", "mean", "95 % interval", "min", "max"], ...rows], [0]);
}

/** "1250 ns", "31.2 k/s", "0.25". */
export function formatValue(value: number, unit: Unit): string {
  if (unit === "ns") return value < 0 ? `-${formatNs(-value)}` : formatNs(value);
  const text = Math.abs(value) >= 1e5 ? shortened(value) : String(Number(value.toPrecision(4)));
  if (unit === "1/s") return `${text}/s`;
  return unit === "" ? text : `${text} ${unit}`;
}

function shortened(value: number): string {
  const [scaled, letter] = Math.abs(value) < 1e8 ? [value / 1e3, "k"] : [value / 1e6, "M"];
  return `${Number(scaled.toPrecision(4))} ${letter}`;
}

for (const head of document.querySelectorAll("th")) {
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    const cell = row => row.cells[head.cellIndex];
    const text = row => cell(row).textContent;
    const isNull = row => cell(row).className === "null";
    const compare = head.className === "number" ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    const order = (a, b) => isNull(a) - isNull(b) || sign * compare(text(a), text(b));
    for (const other of head.parentNode.cells) other.ariaSort = null;
    head.ariaSort = sign > 0 ? "ascending" : "descending";
    body.append(...[...body.rows].sort(order));
  });
}

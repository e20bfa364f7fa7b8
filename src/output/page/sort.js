for (const head of document.querySelectorAll("th")) {
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    const text = row => row.cells[head.cellIndex].textContent;
    const compare = head.className === "number" ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    const order = (a, b) => (text(a) === "") - (text(b) === "") || sign * compare(text(a), text(b));
    for (const other of head.parentNode.cells) other.ariaSort = null;
    head.ariaSort = sign > 0 ? "ascending" : "descending";
    body.append(...[...body.rows].sort(order));
  });
}

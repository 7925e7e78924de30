"""Scripts for the page that list what is wrong with it; an empty list is good."""

NAMELESS = """() => [...document.querySelectorAll("button, a, textarea, [role=button]")]
    .filter(n => n.checkVisibility() && !(n.getAttribute("aria-label") || n.innerText.trim())).map(n => n.outerHTML)"""

FAINT = """() => {
    const parts = color => color.match(/[\\d.]+/g).map(Number);
    const linear = part => part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const ground = node => {
        const color = parts(getComputedStyle(node).backgroundColor);
        return color.length < 4 || color[3] === 1 ? color : ground(node.parentElement);
    };
    const ratio = node => {
        const [a, b] = [parts(getComputedStyle(node).color), ground(node)].map(light).sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const words = child => child.nodeType === Node.TEXT_NODE && child.data.trim();
    const worded = [...document.querySelectorAll("body *")].filter(node => [...node.childNodes].some(words)
        && node.checkVisibility({ visibilityProperty: true }) && !node.closest(".sticker"));
    return worded.filter(node => ratio(node) < 4.5).map(node => `${ratio(node).toFixed(2)} ${node.outerHTML}`);
}"""
"""Texts with less contrast than WCAG 2.2 AA asks for (4.5 to 1)."""

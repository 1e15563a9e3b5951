// The texts in elements that `selector` finds which are hard to read: with less contrast to what is behind them than
// `least`, as WCAG reckons it. Translucent colours and opacity count as they are seen.
([selector, least]) => {
    const parse = (text) => {
        const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
        return [r, g, b, a];
    };
    const over = ([r, g, b, a], [R, G, B]) =>
        [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const chain = (node) => {
        const found = [];
        for (let up = node; up; up = up.parentElement) found.unshift(up);
        return found;
    };
    const luminance = (colour) => {
        const [r, g, b] = colour.map((part) => {
            const c = part / 255;
            return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (element) => {
        let ground = [255, 255, 255];
        let opacity = 1;
        for (const up of chain(element)) {
            const style = getComputedStyle(up);
            ground = over(parse(style.backgroundColor), ground);
            opacity *= Number(style.opacity);
        }
        const box = element.closest('g')?.querySelector('rect');
        if (box) ground = over(parse(getComputedStyle(box).fill), ground);
        const style = getComputedStyle(element);
        const [r, g, b, a] = parse(element.closest('svg') ? style.fill : style.color);
        const lights = [luminance(over([r, g, b, a * opacity], ground)), luminance(ground)];
        return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    };
    const hard = [];
    for (const root of document.querySelectorAll(selector)) {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
            const element = node.parentElement;
            const isShown = element.checkVisibility() && element.tagName !== 'title';
            if (node.data.trim() && isShown && contrast(element) < least) {
                hard.push(`${contrast(element).toFixed(1)} ${node.data.trim()}`);
            }
        }
    }
    return hard;
}

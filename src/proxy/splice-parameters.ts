export function spliceParameters(): void {}

/* What stands in two boxes of options, of which those that fit a filter are shown. */
'use strict';
(() => {
    const known = new Map();
    const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

    const entry = (option) => ({
        value: option.value, text: option.text, selected: option.selected, group: option.closest('optgroup')?.label ?? '',
    });
    const option = ({value, text, selected}) => {
        const made = new Option(text, value, false, selected);
        made.title = text;
        return made;
    };

    window.SelectBox = {
        cache: Object.create(null),

        /* Remember the options of a list. */
        init(id) {
            const box = document.getElementById(id);
            known.set(id, '');
            this.cache[id] = Array.from(box.options, entry);
        },

        /* Whether an entry fits what is typed for its box. */
        fits(id, {text}) {
            const lower = text.toLowerCase();
            return words(known.get(id)).every((word) => lower.includes(word));
        },

        /* Show the entries that fit, in their groups. */
        redisplay(id) {
            const box = document.getElementById(id);
            const top = box.scrollTop;
            const groups = new Map();
            const shown = [];
            for (const one of this.cache[id]) {
                if (!this.fits(id, one)) {
                    continue;
                }
                if (!one.group) {
                    shown.push(option(one));
                    continue;
                }
                if (!groups.has(one.group)) {
                    const group = document.createElement('optgroup');
                    group.label = one.group;
                    groups.set(one.group, group);
                    shown.push(group);
                }
                groups.get(one.group).append(option(one));
            }
            box.replaceChildren(...shown);
            box.scrollTop = top;
        },

        filter(id, text) {
            this.note(id);
            known.set(id, text);
            this.redisplay(id);
        },

        /* Take over which options somebody has selected. */
        note(id) {
            const selected = new Set(
                Array.from(document.getElementById(id).selectedOptions, (one) => one.value));
            for (const one of this.cache[id]) {
                one.selected = selected.has(one.value);
            }
        },

        /* Forget a list, and return what settle() takes up under another id. */
        release(id) {
            const kept = [this.cache[id], known.get(id)];
            delete this.cache[id];
            known.delete(id);
            return kept;
        },

        settle(id, [entries, typed]) {
            this.cache[id] = entries;
            known.set(id, typed);
        },

        add_to_cache(id, {value, text, group = ''}) {
            this.cache[id].push({value: String(value), text, group, selected: false});
        },

        delete_from_cache(id, value) {
            this.cache[id] = this.cache[id].filter((one) => one.value !== String(value));
        },

        cache_contains(id, value) {
            return this.cache[id].some((one) => one.value === String(value));
        },

        /* Move entries to the end of another box. */
        transfer(from, to, wanted) {
            const moved = this.cache[from].filter(wanted);
            this.cache[from] = this.cache[from].filter((one) => !moved.includes(one));
            for (const one of moved) {
                one.selected = false;
            }
            this.cache[to].push(...moved);
            this.redisplay(from);
            this.redisplay(to);
        },

        move(from, to) {
            this.note(from);
            this.transfer(from, to, (one) => one.selected && this.fits(from, one));
        },

        move_all(from, to) {
            this.transfer(from, to, (one) => this.fits(from, one));
        },

        select_all(id) {
            known.set(id, '');
            for (const one of this.cache[id]) {
                one.selected = true;
            }
            this.redisplay(id);
        },
    };
})();

return (closedBy()) or 'open'
